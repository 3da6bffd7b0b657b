import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { type AppConfig, ContractError, problemsOf } from '../../contracts';
import { cameraProblems } from '../../contracts/camera-problems';
import { regionProblems } from '../../contracts/image-policy';
import { useCasePrefix } from '../../lambda/shared/names';
import { hyperparameterProblems } from '../training/free-hyperparameters';
import { tuningProblems } from '../training/tuning-config';

export type { AppConfig };

const CONFIGURATION_FOLDER = join(__dirname, '..', '..', 'config');
/** The account in which nothing exists but the local AWS. */
export const LOCAL_ACCOUNT = '000000000000';
const TRAINING_FOLDER = join(__dirname, '..', '..', 'training');
/** docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackageGroup.html */
const GROUP_NAME = /^(?=.{1,63}$)[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;
const SECONDS_PER_DAY = 86_400;
const SECONDS_PER_MINUTE = 60;

/** Region in the address of an image in Amazon ECR; undefined for one that lies elsewhere. */
function registryRegion(image: string): string | undefined {
  return /^[0-9]{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/.exec(image)?.[1];
}

/** One sentence for a rule that joins two fields, in the shape of a schema problem: field, rule, value. */
export function broken(field: string, rule: string, value: unknown): string {
  return `${field}: ${rule}, got ${JSON.stringify(value)}`;
}

/**
 * The model package group has just this name. Of all names that grow with those of environment and use case only it can
 * outgrow what AWS takes; test/lambda/shared/names.test.ts shows it of the others.
 */
function nameProblems({ environmentName, useCase }: AppConfig): string[] {
  const name = useCasePrefix({ environmentName, useCase });
  if (GROUP_NAME.test(name)) return [];
  return [
    broken(
      'environmentName, useCase',
      `must give a model package group of at most 63 letters, digits and hyphens that ends in no hyphen ('${name}' has ${name.length})`,
      [environmentName, useCase],
    ),
  ];
}

function dispositionProblems({ dispositionPolicy: { codes = {} } }: AppConfig): string[] {
  const names = Object.keys(codes);
  return names
    .filter((name) => names.find((other) => codes[other] === codes[name]) !== name)
    .map((name) =>
      broken(`dispositionPolicy.codes.${name}`, 'must be a code that no other class has', codes[name]),
    );
}

function budgetProblems({ account, budget }: AppConfig): string[] {
  if (!budget) return [];
  const { retrainingStopsAtPercent, trainingStopsAtPercent } = budget;
  const problems: string[] = [];
  // What nobody asked for stops before what somebody did.
  if (retrainingStopsAtPercent >= trainingStopsAtPercent) {
    problems.push(
      broken(
        'budget.retrainingStopsAtPercent',
        `must be below budget.trainingStopsAtPercent (${trainingStopsAtPercent})`,
        retrainingStopsAtPercent,
      ),
    );
  }
  if (account === LOCAL_ACCOUNT) {
    problems.push(
      broken(
        'budget',
        `must be left out in the local AWS (account ${LOCAL_ACCOUNT}), which has no bill`,
        budget,
      ),
    );
  }
  return problems;
}

function secondOpinionProblems({ secondOpinion, training, device, budget }: AppConfig): string[] {
  const stops = budget?.secondOpinionsStopAtPercent;
  const problems: string[] = [];
  if (!secondOpinion) {
    return stops === undefined
      ? []
      : [broken('budget.secondOpinionsStopAtPercent', 'must be left out without secondOpinion', stops)];
  }
  if (!training.cloudVariant) {
    problems.push(
      broken('secondOpinion', 'needs training.cloudVariant, the network that answers', secondOpinion),
    );
  }
  if (device.upload.privacy === 'never') {
    problems.push(
      broken('secondOpinion', 'must be left out where device.upload.privacy is never', secondOpinion),
    );
  }
  if (secondOpinion.dailyBudget.device > secondOpinion.dailyBudget.environment) {
    problems.push(
      broken(
        'secondOpinion.dailyBudget.device',
        `must not be above secondOpinion.dailyBudget.environment (${secondOpinion.dailyBudget.environment})`,
        secondOpinion.dailyBudget.device,
      ),
    );
  }
  // What costs least to do without stops first.
  if (budget && (stops === undefined || stops >= budget.retrainingStopsAtPercent)) {
    problems.push(
      broken(
        'budget.secondOpinionsStopAtPercent',
        `must be there with secondOpinion, and below budget.retrainingStopsAtPercent (${budget.retrainingStopsAtPercent})`,
        stops,
      ),
    );
  }
  return problems;
}

/** What a JSON Schema cannot say: rules that join two fields, or a field and this tree. */
function crossFieldProblems(config: AppConfig): string[] {
  const { account, region, transport, rollout, telemetry, monitoring, training, registry, retraining } =
    config;
  const problems: string[] = [
    ...nameProblems(config),
    ...dispositionProblems(config),
    ...tuningProblems(training.tuning),
    ...hyperparameterProblems(training),
  ];
  if (rollout.waves.map((wave) => wave.name).join() !== 'canary,stable') {
    problems.push(
      broken(
        'rollout.waves',
        'must be canary, then stable',
        rollout.waves.map((wave) => wave.name),
      ),
    );
  }
  rollout.waves.forEach((wave, index) => {
    for (const field of ['installTimeoutSeconds', 'decisionTimeoutSeconds'] as const) {
      if (wave[field] <= rollout.pollSeconds) {
        problems.push(
          broken(
            `rollout.waves.${index}.${field}`,
            `must be longer than rollout.pollSeconds (${rollout.pollSeconds})`,
            wave[field],
          ),
        );
      }
    }
  });
  if (SECONDS_PER_DAY % telemetry.sketchWindowSeconds !== 0) {
    problems.push(
      broken(
        'telemetry.sketchWindowSeconds',
        `must divide a day (${SECONDS_PER_DAY} s)`,
        telemetry.sketchWindowSeconds,
      ),
    );
  }
  if (monitoring.windowMinutes * SECONDS_PER_MINUTE < telemetry.sketchWindowSeconds) {
    problems.push(
      broken(
        'monitoring.windowMinutes',
        `must hold at least one sketch of telemetry.sketchWindowSeconds (${telemetry.sketchWindowSeconds})`,
        monitoring.windowMinutes,
      ),
    );
  }
  // A label counts for as long as the image can still be looked at.
  if (telemetry.captureDays * SECONDS_PER_DAY < monitoring.labelWindowMinutes * SECONDS_PER_MINUTE) {
    problems.push(
      broken(
        'telemetry.captureDays',
        `must not be below monitoring.labelWindowMinutes (${monitoring.labelWindowMinutes})`,
        telemetry.captureDays,
      ),
    );
  }
  if (monitoring.labelWindowMinutes < monitoring.windowMinutes) {
    problems.push(
      broken(
        'monitoring.labelWindowMinutes',
        `must not be below monitoring.windowMinutes (${monitoring.windowMinutes})`,
        monitoring.labelWindowMinutes,
      ),
    );
  }
  // What is deployed is the tree as it is: a script that is not there would fail the first job, after Prepare.
  if (training.script !== undefined && !existsSync(join(TRAINING_FOLDER, training.script))) {
    problems.push(broken('training.script', 'must be a file of training/', training.script));
  }
  // SageMaker pulls images from its own region only, and says so when the first job starts.
  const imageRegion = registryRegion(training.image);
  if (imageRegion !== undefined && imageRegion !== region) {
    problems.push(broken('training.image', `must lie in the region (${region})`, training.image));
  }
  // SageMaker encrypts volumes with keys of its own region only.
  if (training.volumeKeyArn !== undefined && training.volumeKeyArn.split(':')[3] !== region) {
    problems.push(
      broken('training.volumeKeyArn', `must lie in the region (${region})`, training.volumeKeyArn),
    );
  }
  // Otherwise every release starts its life below the limit at which it is retrained.
  if (monitoring.minimumAccuracy > training.minimumAccuracy) {
    problems.push(
      broken(
        'monitoring.minimumAccuracy',
        `must not be above training.minimumAccuracy (${training.minimumAccuracy})`,
        monitoring.minimumAccuracy,
      ),
    );
  }
  // A device knows its hardware class by its architecture alone.
  for (const architecture of registry.architectures) {
    const classes = Object.entries(training.hardwareClasses).filter(([, { architectures }]) =>
      (architectures as string[]).includes(architecture),
    );
    if (classes.length !== 1) {
      problems.push(
        broken(
          'training.hardwareClasses',
          `must have ${architecture} of registry.architectures in exactly one class`,
          classes.map(([name]) => name),
        ),
      );
    }
  }
  if (training.cloudVariant && training.cloudVariant.widthMultiplier <= training.widthMultiplier) {
    problems.push(
      broken(
        'training.cloudVariant.widthMultiplier',
        `must be above training.widthMultiplier (${training.widthMultiplier})`,
        training.cloudVariant.widthMultiplier,
      ),
    );
  }
  if (training.spot && training.tuning) {
    problems.push(
      broken(
        'training.spot',
        'must be left out where training.tuning is configured: all trials would share one checkpoint folder',
        training.spot,
      ),
    );
  }
  if (training.spot && training.spot.maximumWaitMinutes < training.timeoutMinutes) {
    problems.push(
      broken(
        'training.spot.maximumWaitMinutes',
        `must not be below training.timeoutMinutes (${training.timeoutMinutes})`,
        training.spot.maximumWaitMinutes,
      ),
    );
  }
  if (retraining.minimumLabelsPerNewClass > retraining.minimumNewLabels) {
    problems.push(
      broken(
        'retraining.minimumLabelsPerNewClass',
        `must not be above retraining.minimumNewLabels (${retraining.minimumNewLabels})`,
        retraining.minimumLabelsPerNewClass,
      ),
    );
  }
  problems.push(...budgetProblems(config), ...secondOpinionProblems(config), ...camerasProblems(config));
  problems.push(...regionProblems(config.imagePolicy?.region).map((problem) => `imagePolicy.${problem}`));
  // Whatever else the local AWS may be asked to play: only there does nobody listen between two machines.
  if (account !== LOCAL_ACCOUNT && transport !== 'tls-only') {
    problems.push(
      broken('transport', `must be tls-only outside the local AWS (account ${LOCAL_ACCOUNT})`, transport),
    );
  }
  return problems;
}

/** Without the values, because an address may hold a password. */
const camerasProblems = ({ device }: AppConfig): string[] =>
  Object.entries(device.cameras).flatMap(([cameraId, camera]) =>
    cameraProblems(camera).map((problem) => `device.cameras.${cameraId}.${problem}`),
  );

/**
 * Checks a configuration: each field against contracts/schemas/app-config.schema.json, then the rules that
 * join two fields.
 * @param subject where the value came from, for the message
 * @throws ContractError with every problem: field, rule, value
 */
export function parseConfig(value: unknown, subject: string): AppConfig {
  const fieldProblems = problemsOf('app-config', value);
  // Rules that join fields make sense only once each field is what it says it is.
  const problems = fieldProblems.length > 0 ? fieldProblems : crossFieldProblems(value as AppConfig);
  if (problems.length > 0) throw new ContractError('app-config', subject, problems);
  return value as AppConfig;
}

/** How environments are delivered; no environment's name, since both would call their resources alike. */
export const DELIVERY_FILE = 'delivery';

/**
 * What `config/<name>.ts` exports, the one value of the module.
 * @throws Error when it exports none, or several
 */
export function exportOf(name: string, folder = CONFIGURATION_FOLDER): unknown {
  const exported = Object.values(require(join(folder, name)) as object);
  if (exported.length !== 1)
    throw new Error(`config/${name}.ts: must export one value, got ${exported.length}`);
  return exported[0];
}

/** Names of the environments that the folder configures. */
export function environmentNames(folder = CONFIGURATION_FOLDER): string[] {
  return readdirSync(folder)
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((name) => name !== DELIVERY_FILE)
    .sort();
}

/**
 * The configuration `config/<name>.ts` of one environment.
 * @throws Error when there is no such file; ContractError for a configuration that breaks a rule
 */
export function loadEnvironment(name: unknown, folder = CONFIGURATION_FOLDER): AppConfig {
  const names = environmentNames(folder);
  if (typeof name !== 'string' || !names.includes(name)) {
    throw new Error(`context 'env': must be one of ${names.join(', ')}, got ${JSON.stringify(name)}`);
  }
  const subject = `config/${name}.ts`;
  const config = parseConfig(exportOf(name, folder), subject);
  if (config.environmentName !== name) {
    throw new ContractError('app-config', subject, [
      broken('environmentName', `must be the name of its file (${name})`, config.environmentName),
    ]);
  }
  return config;
}

/**
 * The configuration of the environment named by the context value `env` (`cdk deploy -c env=dev`); `local` without one.
 * The context value `name` deploys it under another name, as an environment of its own: a copy of dev for one person or
 * one branch (`cdk deploy -c env=dev -c name=dev-alice`). `configurations` is another folder than config/, for whoever writes
 * configurations by a program. The only reader of context in the application.
 * @throws as {@link loadEnvironment}, and ContractError for a name that breaks a rule
 */
export function loadConfig(
  app: App,
  folder: string = app.node.tryGetContext('configurations') ?? CONFIGURATION_FOLDER,
): AppConfig {
  const env: unknown = app.node.tryGetContext('env') ?? 'local';
  const config = loadEnvironment(env, folder);
  const otherName: unknown = app.node.tryGetContext('name') ?? env;
  if (otherName === env) return config;
  return parseConfig(
    { ...config, environmentName: otherName },
    `config/${env}.ts under the context's 'name'`,
  );
}
