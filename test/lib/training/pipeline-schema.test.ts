/**
 * Our definitions against the public JSON schema of pipeline definitions, as far as that is current: what it says, and
 * where it is behind the service, stands in pipeline-definition.schema.json.
 */
import Ajv from 'ajv';
import { dev } from '../../../config/dev';
import { local } from '../../../config/local';
import { prod } from '../../../config/prod';
import type { AppConfig } from '../../../contracts';
import { trainingPipelineDefinition } from '../../../lib/training/pipeline-definition';
import schema from './pipeline-definition.schema.json';

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);

const tuning = {
  strategy: 'Random',
  maximumJobs: 8,
  parallelJobs: 2,
  earlyStopping: 'Off',
  objective: { metric: 'accuracy', regex: '"accuracy": ([0-9.]+)', goal: 'Maximize' },
  ranges: {
    learning_rate: { type: 'Continuous', minimum: 0.01, maximum: 0.3, scaling: 'Logarithmic' },
    epochs: { type: 'Integer', minimum: 4, maximum: 16, scaling: 'Linear' },
    width_multiplier: { type: 'Categorical', values: ['0.35', '0.5'] },
  },
} satisfies AppConfig['training']['tuning'];

const ROLE = 'arn:aws:iam::000000000000:role/r';

const define = (config: AppConfig) =>
  trainingPipelineDefinition({
    config,
    datasetBucketName: 'dataset',
    modelBucketName: 'models',
    modelPackageGroupName: 'group',
    sourceUri: 's3://assets/0123.gz',
    sourceSha256: 'b'.repeat(64),
    jobRoleArns: { prepare: ROLE, train: ROLE, evaluate: ROLE, export: ROLE },
    encryptionKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k',
  });
const tuned = (config: AppConfig): AppConfig => ({ ...config, training: { ...config.training, tuning } });
const cutOff = (config: AppConfig): AppConfig => ({
  ...config,
  training: {
    ...config.training,
    volumeKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/volumes',
    network: {
      isolation: { python: '3.12' },
      vpc: { subnets: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] },
    },
  },
});

test.each([
  ['local', local],
  ['dev', dev],
  ['prod', prod],
  ['a pipeline that searches', tuned(local)],
  ['jobs without a network, in a VPC, with a volume key', cutOff(local)],
  ['a search without a network', tuned(cutOff(local))],
])('the definition of %s is valid by the schema', (_name, config) => {
  validate(define(config));
  expect(validate.errors).toBeNull();
});

type Broken = Record<string, unknown>;
const at = (value: unknown, ...path: (string | number)[]): Broken =>
  path.reduce((inner, key) => (inner as Broken)[key] as Broken, value as Broken) as Broken;

test.each<[string, (definition: unknown) => void]>([
  ['another version', (d) => Object.assign(at(d), { Version: '2021-01-01' })],
  ['an unknown field of a step', (d) => Object.assign(at(d, 'Steps', 0), { Retry: [] })],
  ['an unknown type of step', (d) => Object.assign(at(d, 'Steps', 0), { Type: 'Notebook' })],
  ['a step without arguments', (d) => Reflect.deleteProperty(at(d, 'Steps', 1), 'Arguments')],
  ['a step name with a space', (d) => Object.assign(at(d, 'Steps', 0), { Name: 'Pre pare' })],
  ['a parameter of no type', (d) => Object.assign(at(d, 'Parameters', 0), { Type: 'Text' })],
  ['a default of another type', (d) => Object.assign(at(d, 'Parameters', 1), { DefaultValue: 'eight' })],
  [
    'a reference to nothing that there is',
    (d) => Object.assign(at(d, 'Steps', 0, 'Arguments'), { RoleArn: { Get: 'Stages.x' } }),
  ],
  [
    'a training job without image settings',
    (d) =>
      Reflect.deleteProperty(
        at(d, 'Steps', 1, 'Arguments', 'TrainingJobDefinition'),
        'AlgorithmSpecification',
      ),
  ],
  [
    'a name for a job that the service names',
    (d) => Object.assign(at(d, 'Steps', 1, 'Arguments'), { HyperParameterTuningJobName: 'n' }),
  ],
  [
    'a strategy that is none',
    (d) =>
      Object.assign(at(d, 'Steps', 1, 'Arguments', 'HyperParameterTuningJobConfig'), { Strategy: 'Guess' }),
  ],
  [
    'a bound that is a number',
    (d) =>
      Object.assign(
        at(
          d,
          'Steps',
          1,
          'Arguments',
          'HyperParameterTuningJobConfig',
          'ParameterRanges',
          'ContinuousParameterRanges',
          0,
        ),
        { MinValue: 0.1 },
      ),
  ],
  [
    'a retry of everything',
    (d) => Object.assign(at(d, 'Steps', 0, 'RetryPolicies', 0), { ExceptionType: ['All'] }),
  ],
])('the schema refuses %s', (_what, breakIt) => {
  const definition: unknown = structuredClone(define(tuned(local)));
  expect(validate(definition)).toBe(true);
  breakIt(definition);
  expect(validate(definition)).toBe(false);
});
