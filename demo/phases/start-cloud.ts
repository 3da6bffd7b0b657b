/** Local AWS, images and the stacks of each environment: what every loop stands on. */

import { join } from 'node:path';
import { type LocalAws, startLocalAws } from '@kaizen-edge/local-aws';
import type { KaizenEnvironment } from '../../cli/shared/environment';
import type { AppConfig } from '../../contracts';
import { loadEnvironment } from '../../lib/shared/app-config';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';
import { type DemoClients, makeClients } from '../clients';
import { demoConfiguration, writeConfiguration } from '../configuration';
import { bootstrapLocalAws, type DeployOptions, deployToLocalAws } from '../deploy';
import { MemorySampler } from '../memory-sampler';
import { type RenderedFolders, renderImages } from '../render';
import type { DemoRun } from '../run';
import { TrainingProgressPrinter } from '../training-progress';

export interface Cloud {
  readonly aws: LocalAws;
  readonly clients: DemoClients;
  readonly images: RenderedFolders;
  /** Of every environment, but for its name. */
  readonly config: AppConfig;
  /** By name. */
  readonly environments: ReadonlyMap<string, KaizenEnvironment>;
  /** Milliseconds since the epoch. */
  readonly deployedFrom: number;
  readonly memory: MemorySampler;
}

export async function startCloud(run: DemoRun, stops: Array<() => Promise<void>>): Promise<Cloud> {
  const { console, settings, abort, work } = run;
  const progress = new TrainingProgressPrinter(console);
  const onCrash = (message: string) => abort.abort(new Error(message));

  const memory = new MemorySampler();
  stops.push(async () => memory.stop());
  const aws = await console.phase('Starting the local AWS', () =>
    startLocalAws({
      ...LOCAL_AWS_SETTINGS,
      workDirectory: join(work.run, 'aws'),
      onCrash,
      onTrainingProgress: (event) => progress.print(event),
    }),
  );
  stops.push(aws.stop);

  const config = demoConfiguration(loadEnvironment('local'), settings);
  const deployedFrom = Date.now();
  const [images, environments] = await console.phase(
    'Rendering the parts; cdk bootstrap and cdk deploy of the four stacks',
    () =>
      Promise.all([
        renderImages(work.run, settings, abort.signal),
        deployAll(run.environmentNames, {
          aws,
          configurations: writeConfiguration(join(work.run, 'configuration'), config),
          directory: work.run,
          onLine: (line) => console.status(line),
          signal: abort.signal,
        }),
      ]),
  );
  return { aws, clients: makeClients(aws), images, config, environments, deployedFrom, memory };
}

/** One after the other, as one person would: the CLI builds into one folder. */
async function deployAll(
  names: readonly string[],
  options: DeployOptions,
): Promise<Map<string, KaizenEnvironment>> {
  await bootstrapLocalAws(options);
  const environments = new Map<string, KaizenEnvironment>();
  for (const name of names) environments.set(name, await deployToLocalAws(options, name));
  return environments;
}
