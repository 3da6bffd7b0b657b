/** Runs the Python renderer: the first dataset and the frames that the line will show. */

import { join } from 'node:path';
import { SupervisedProcess } from '@kaizen-edge/local-aws';
import { REPOSITORY_ROOT, virtualEnvironmentPython } from '../scripts/repository';
import type { ClassMix } from './inspection-line/draw-part';
import { type DemoSettings, STOCK_SHARES } from './settings';

/** What the line looks like: as at first; under an old light; and under it with a broken tool. */
export type Condition = 'normal' | 'drifted' | 'broken-tool';

export interface RenderedFolders {
  readonly dataset: string;
  /** condition -> folder with truth.jsonl and the frames. */
  readonly stock: Readonly<Record<Condition, string>>;
}

function share(mix: ClassMix): string {
  return Object.entries(mix)
    .map(([name, value]) => `${name}:${value}`)
    .join(',');
}

async function render(directory: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const child = new SupervisedProcess({
    name: 'rendering',
    command: virtualEnvironmentPython(),
    arguments: ['-m', 'kaizen_training.surfaces', ...args],
    workingDirectory: join(REPOSITORY_ROOT, 'training'),
    environment: {
      PATH: process.env.PATH,
      HOME: directory,
      PYTHONDONTWRITEBYTECODE: '1',
      OMP_NUM_THREADS: '1',
    },
    logFile: join(directory, 'render.log'),
  });
  await child.complete(signal);
}

/** Parts for a line, with their truth: what {@link loadFrameStock} reads. */
export async function renderStock(
  options: {
    readonly directory: string;
    readonly output: string;
    readonly items: number;
    readonly seed: number;
  },
  signal: AbortSignal,
): Promise<void> {
  const { directory, output, items, seed } = options;
  const parts = [
    `--items=${items}`,
    `--seed=${seed}`,
    '--condition=normal',
    `--classes=${share(STOCK_SHARES.normal)}`,
  ];
  await render(directory, ['stock', `--output=${output}`, ...parts], signal);
}

/** The line's frames come from other seeds than the dataset's: no device ever sees a training image. */
export async function renderImages(
  directory: string,
  settings: DemoSettings,
  signal: AbortSignal,
): Promise<RenderedFolders> {
  const dataset = join(directory, 'dataset');
  const stock = {
    normal: join(directory, 'stock-normal'),
    drifted: join(directory, 'stock-drifted'),
    'broken-tool': join(directory, 'stock-broken-tool'),
  };
  const { seed, datasetItems, stockItems } = settings;
  const stockArguments = (folder: string, offset: number, condition: string, mix: ClassMix) => [
    'stock',
    `--output=${folder}`,
    `--items=${stockItems}`,
    `--seed=${seed + offset}`,
    `--condition=${condition}`,
    `--classes=${share(mix)}`,
  ];
  await render(
    directory,
    ['dataset', `--output=${dataset}`, `--items=${datasetItems}`, `--seed=${seed}`],
    signal,
  );
  await render(directory, stockArguments(stock.normal, 1, 'normal', STOCK_SHARES.normal), signal);
  await render(directory, stockArguments(stock.drifted, 2, 'drifted', STOCK_SHARES.normal), signal);
  await render(
    directory,
    stockArguments(stock['broken-tool'], 3, 'drifted', STOCK_SHARES.brokenTool),
    signal,
  );
  return { dataset, stock };
}
