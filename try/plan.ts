/** What is asked for and what is known before anything is started. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { takeSource } from '../cli/dataset/commands';
import type { DatasetExamination } from '../cli/dataset/dataset-report';
import { formatDatasetReport } from '../cli/dataset/format-dataset-report';
import { examineImport } from '../cli/dataset/import-dataset';
import { awsClients } from '../cli/shared/aws-clients';
import { InputError } from '../cli/shared/errors';
import { checkScript } from '../cli/training/check-script';
import { wrongSteps } from '../cli/training/format-script-check';
import type { AppConfig } from '../contracts';
import type { CompleteImagePolicy } from '../contracts/image-policy';
import type { DemoConsole } from '../demo/console';
import type { StockFrame } from '../demo/inspection-line/frame-stock';
import { loadEnvironment, parseConfig } from '../lib/shared/app-config';
import type { TryRequest } from './arguments';
import { heldOutItems, readHeldOut } from './held-out';
import { type OwnScript, ownScriptAt } from './own-script';
import { type PassClasses, passClassesOf, refuseUnsaid } from './pass-classes';
import { epochsFor, goodShareOf, imagePolicyFor, tryConfiguration } from './try-configuration';

export interface TryRun {
  readonly request: TryRequest;
  readonly console: DemoConsole;
  /** Aborted by Ctrl-C, and by the crash of any part with that part's last lines as the reason. */
  readonly abort: AbortController;
  /** Asks the person at the terminal for the classes that may pass. @default - there is none */
  readonly ask?: ((classes: readonly string[]) => Promise<readonly string[]>) | undefined;
}

/** What is known before anything is started. */
export interface TryPlan {
  readonly examination: DatasetExamination;
  readonly passClasses: PassClasses;
  /** Of the images to train with, those whose class may pass; it stands for the set. */
  readonly goodShare: number;
  readonly imagePolicy: CompleteImagePolicy;
  readonly epochs: number;
  readonly script?: OwnScript | undefined;
  /** Held-out images in the order in which they are shown, as many as the line holds. */
  readonly heldOut: readonly StockFrame[];
  /** Of all held-out images. */
  readonly heldOutItems: number;
}

/**
 * Reads and judges what the user has given: no environment is needed, and nothing is started.
 * @throws InputError with what is refused, in the words of `kaizen dataset import`
 * @throws ContractError for a configuration that the application does not take
 */
export async function planTry({ request, console, ask }: TryRun): Promise<TryPlan> {
  const script = request.script === undefined ? undefined : ownScriptAt(request.script);
  mkdirSync(request.outputFolder, { recursive: true });
  const { source, taking } = request;
  const taken = await takeSource(source, taking, () => awsClients().s3);
  const page = join(request.outputFolder, 'dataset.html');
  const examination = await examineImport(
    { report: (report) => console.line(formatDatasetReport(report)) },
    {
      ...taken,
      htmlFile: page,
    },
  );
  console.line(`\nPictures: ${page}`);
  const { classes, renamedClasses: renamed, counts } = examination.report;
  const choice = { classes, renamed, given: request.passClasses };
  const passClasses =
    passClassesOf(choice) ??
    (ask ? passClassesOf({ ...choice, given: await ask(classes) }) : undefined) ??
    refuseUnsaid(choice);
  console.line(`May pass: ${passClasses.names.join(', ')} (${passClasses.because})`);
  const imagePolicy = taking.imagePolicy ?? imagePolicyFor(examination.report.sizes);
  console.line(`The network sees ${imagePolicy.width} x ${imagePolicy.height} pixels`);
  const training = Object.values(counts.train).reduce((sum, count) => sum + count, 0);
  const epochs = request.epochs ?? epochsFor(training);
  // Without the script, which lies among the others only while it is packed.
  const goodShare = goodShareOf(counts.train, passClasses.names);
  checkedConfiguration(request, { passClasses, goodShare, imagePolicy, epochs });
  const items = heldOutItems(examination.items);
  return {
    examination,
    passClasses,
    goodShare,
    script,
    imagePolicy,
    epochs,
    heldOut: await readHeldOut(items),
    heldOutItems: items.length,
  };
}

/** The environment that a try is deployed as, which `kaizen` asks without being told. */
export const ENVIRONMENT = 'local';

/** @throws ContractError with every rule that the configuration breaks */
export function checkedConfiguration(
  request: TryRequest,
  plan: Pick<TryPlan, 'passClasses' | 'goodShare' | 'imagePolicy' | 'epochs' | 'script'>,
): AppConfig {
  const config = tryConfiguration(loadEnvironment(ENVIRONMENT), {
    ...request,
    useCase: request.name,
    passClasses: plan.passClasses.names,
    goodShare: plan.goodShare,
    imagePolicy: plan.imagePolicy,
    epochs: plan.epochs,
    ownScript: plan.script?.name,
  });
  return parseConfig(config, 'the configuration of this try');
}

/** @throws InputError when the script breaks the contract of training scripts */
export async function checkOwnScript({ request, console }: TryRun, { script }: TryPlan): Promise<void> {
  if (!script) return;
  await console.phase('checking the script against the contract, on a few rendered images', async () => {
    const { path, name } = script;
    const { hyperparameters } = request;
    const check = await checkScript({ script: path, hyperparameters }, (line) => console.status(line));
    if (check.passed) return;
    throw new InputError(
      `--script: ${name} does not keep the contract (${wrongSteps(check).join(', ')}): kaizen script check ${path} says what is wanted`,
    );
  });
}
