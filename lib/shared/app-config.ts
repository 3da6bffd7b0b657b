import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { dev } from '../../config/dev';
import { local } from '../../config/local';
import { prod } from '../../config/prod';
import { type AppConfig, ContractError, problemsOf } from '../../contracts';
import { tuningProblems } from '../training/tuning-config';

export type { AppConfig };

/** The account in which nothing exists but the local AWS. */
const LOCAL_ACCOUNT = '000000000000';
const TRAINING_FOLDER = join(__dirname, '..', '..', 'training');
const SECONDS_PER_DAY = 86_400;
const SECONDS_PER_MINUTE = 60;

const ENVIRONMENTS: Readonly<Record<AppConfig['environmentName'], AppConfig>> = { local, dev, prod };

/** Region in the address of an image in Amazon ECR; undefined for one that lies elsewhere. */
function registryRegion(image: string): string | undefined {
  return /^[0-9]{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/.exec(image)?.[1];
}

/** One sentence for a rule that joins two fields, in the shape of a schema problem: field, rule, value. */
function broken(field: string, rule: string, value: unknown): string {
  return `${field}: ${rule}, got ${JSON.stringify(value)}`;
}

/** What a JSON Schema cannot say: rules that join two fields, or a field and this tree. */
function crossFieldProblems(config: AppConfig): string[] {
  const {
    environmentName,
    account,
    region,
    removal,
    transport,
    rollout,
    telemetry,
    monitoring,
    training,
    registry,
    retraining,
  } = config;
  const problems: string[] = tuningProblems(training.tuning);
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
  if ((environmentName === 'local') !== (account === LOCAL_ACCOUNT)) {
    problems.push(broken('account', `must be ${LOCAL_ACCOUNT} in local, and only there`, account));
  }
  if (environmentName !== 'local' && transport !== 'tls-only') {
    problems.push(broken('transport', 'must be tls-only outside local', transport));
  }
  if (environmentName === 'prod' && removal !== 'retain') {
    problems.push(broken('removal', 'must be retain in prod', removal));
  }
  return problems;
}

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

/**
 * The configuration of the environment named by the context value `env` (`cdk deploy -c env=dev`); `local`
 * without one. The only reader of context in the application.
 * @throws Error for an unknown environment; ContractError for a configuration that breaks a rule
 */
export function loadConfig(app: App): AppConfig {
  const name: unknown = app.node.tryGetContext('env') ?? 'local';
  if (typeof name !== 'string' || !Object.hasOwn(ENVIRONMENTS, name)) {
    throw new Error(
      `context 'env': must be one of ${Object.keys(ENVIRONMENTS).join(', ')}, got ${JSON.stringify(name)}`,
    );
  }
  return parseConfig(ENVIRONMENTS[name as AppConfig['environmentName']], `config/${name}.ts`);
}
