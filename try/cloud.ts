/** The local AWS with the user's use case deployed to it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalAws, startLocalAws } from '@kaizen-edge/local-aws';
import type { KaizenEnvironment } from '../cli/shared/environment';
import { type DemoClients, makeClients } from '../demo/clients';
import { bootstrapLocalAws, deployToLocalAws } from '../demo/deploy';
import { TrainingProgressPrinter } from '../demo/training-progress';
import type { WorkDirectory } from '../demo/work-directory';
import { LOCAL_AWS_SETTINGS } from '../scripts/local-aws';
import type { TryRequest } from './arguments';
import { placeOwnScript } from './own-script';
import { checkedConfiguration, ENVIRONMENT, type TryPlan, type TryRun } from './plan';
import { configurationText } from './try-configuration';

export interface Cloud {
  readonly aws: LocalAws;
  readonly clients: DemoClients;
  readonly environment: KaizenEnvironment;
}

export async function startCloud(
  run: TryRun,
  plan: TryPlan,
  work: WorkDirectory,
  stops: Array<() => Promise<void>>,
): Promise<Cloud> {
  const { console, abort, request } = run;
  const progress = new TrainingProgressPrinter(console);
  const aws = await console.phase('starting the local AWS', () =>
    startLocalAws({
      ...LOCAL_AWS_SETTINGS,
      workDirectory: join(work.run, 'aws'),
      onCrash: (message) => abort.abort(new Error(message)),
      onTrainingProgress: (event) => progress.print(event),
    }),
  );
  stops.push(aws.stop);
  const removeScript = plan.script ? placeOwnScript(plan.script) : () => undefined;
  try {
    const options = {
      aws,
      configurations: writeConfiguration(request, plan),
      directory: work.run,
      onLine: (line: string) => console.status(line),
      signal: abort.signal,
    };
    const environment = await console.phase('cdk bootstrap and cdk deploy of the four stacks', async () => {
      await bootstrapLocalAws(options);
      return deployToLocalAws(options, ENVIRONMENT);
    });
    return { aws, clients: makeClients(aws), environment };
  } finally {
    removeScript();
  }
}

/** @returns the folder of configurations */
function writeConfiguration(request: TryRequest, plan: TryPlan): string {
  const folder = join(request.outputFolder, 'configuration');
  const config = checkedConfiguration(request, plan);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${ENVIRONMENT}.ts`), configurationText(config));
  return folder;
}
