/** What the size of images decides: small defects on large frames, seen at 128 x 128 and at 512 x 512. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Measurement, Table } from '../figure';
import { countOf, significant } from '../measure';
import { made, PACKAGE, type Recipe, TRAINING_INGREDIENTS } from '../recipe';
import { type Suite, type SuiteContext, suiteOf } from '../suite';

/** One size in resolutions.json of train_resolutions.py. */
interface TrainedSize {
  /** Pixels a side, across and down. */
  readonly size: number;
  /** Test images whose class the model names. */
  readonly correct: number;
  /** Of one image. */
  readonly multiplyAccumulates: number;
  readonly trainingSeconds: number;
}

interface Description {
  readonly items: Readonly<Record<'train' | 'validation' | 'test', number>>;
  readonly epochs: number;
  readonly widthMultiplier: number;
  /** From the smallest. */
  readonly sizes: readonly TrainedSize[];
}

interface ResolutionContext extends SuiteContext {
  readonly description: Description;
}

const RESOLUTIONS: Recipe = {
  name: 'resolutions',
  script: 'train_resolutions.py',
  ingredients: [...TRAINING_INGREDIENTS, `${PACKAGE}/networks/cost.py`, 'training/requirements.lock'],
  announcement: 'training at two sizes, which takes about ten minutes',
};

const smallDefects: Benchmark<ResolutionContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'R1-large',
      what: 'accuracy on the test split at 512 x 512, in percent: is one of 16 parts cracked?',
      goal: 80,
      better: 'higher',
    },
    {
      id: 'R1-gain',
      what: 'percentage points of it that are lost at 128 x 128',
      goal: 15,
      better: 'higher',
    },
  ],
  async measure({ description }) {
    const { items, epochs, widthMultiplier, sizes } = description;
    const [small, large] = [sizes[0], sizes.at(-1)];
    if (!small || !large || small === large) throw new Error('resolutions.json: has fewer than two sizes');
    const percent = ({ correct }: TrainedSize) => (100 * correct) / items.test;
    const method =
      `${items.test} rendered trays of the test split; each trained alike, at width ${widthMultiplier}, for ${epochs} ` +
      `epochs of ${items.train} trays from fresh weights`;
    const table: Table = {
      columns: ['size', 'accuracy', 'million multiply-accumulates', 'seconds of training'],
      rows: sizes.map((one) => [
        `${one.size} x ${one.size}`,
        `${percent(one).toFixed(1)} %`,
        (one.multiplyAccumulates / 1e6).toFixed(1),
        String(one.trainingSeconds),
      ]),
    };
    return new Map<string, Measurement>([
      ['R1-large', { ...countOf(significant(percent(large)), method), table }],
      ['R1-gain', countOf(significant(percent(large) - percent(small)), 'the same images')],
    ]);
  },
};

export const resolutionSuite: Suite = suiteOf(
  'small defects on large frames, by the size at which a network sees them',
  [smallDefects],
  async (): Promise<ResolutionContext> => {
    const text = readFileSync(join(await made(RESOLUTIONS), 'resolutions.json'), 'utf8');
    return { description: JSON.parse(text) as Description, close: async () => undefined };
  },
);
