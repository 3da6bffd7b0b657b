import { JobDirectory } from '../../sagemaker/jobs/job-directory';
import {
  decodeHyperparameters,
  inputDataConfigOf,
  resourceConfig,
  type TrainingHost,
  toArguments,
  trainingProcess,
} from '../../sagemaker/jobs/training-environment';

const host: TrainingHost = {
  jobName: 'job-1',
  root: '/work/job-1/algo-2',
  currentHost: 'algo-2',
  hosts: ['algo-1', 'algo-2'],
  instanceType: 'ml.m5.large',
  cpus: 2,
  gpus: 0,
  hyperparameters: {
    sagemaker_program: 'train.py',
    sagemaker_submit_directory: 's3://bucket/sourcedir.tar.gz',
    sagemaker_mpi_enabled: 'true',
    epochs: '10',
    'learning-rate': '0.1',
    name: 'plain text',
    quoted: '"text"',
    layers: '[1, 2]',
    augment: 'true',
    b: '1',
  },
  inputDataConfig: inputDataConfigOf([{ ChannelName: 'train' }, { ChannelName: 'validation' }]),
};

test('hyperparameters are JSON, or else text', () => {
  expect(decodeHyperparameters({ a: '1', b: '"x"', c: 'x y', d: 'null', e: '{"f": [true]}' })).toEqual({
    a: 1,
    b: 'x',
    c: 'x y',
    d: null,
    e: { f: [true] },
  });
});

test('arguments come in order of name, booleans as Python writes them', () => {
  expect(toArguments({ epochs: 10, b: 1, augment: true, layers: [1, 2] })).toEqual([
    ...['--augment', 'True'],
    ...['-b', '1'],
    ...['--epochs', '10'],
    ...['--layers', '[1,2]'],
  ]);
});

test('the environment is that of the training toolkit', () => {
  const { program, submitDirectory, environment, arguments: args } = trainingProcess(host);
  expect([program, submitDirectory]).toEqual(['train.py', 's3://bucket/sourcedir.tar.gz']);
  expect(args).not.toContain('--sagemaker_program');
  expect(environment).toMatchObject({
    SM_MODEL_DIR: '/work/job-1/algo-2/model',
    SM_OUTPUT_DIR: '/work/job-1/algo-2/output',
    SM_OUTPUT_DATA_DIR: '/work/job-1/algo-2/output/data/algo-2',
    SM_CHANNELS: '["train","validation"]',
    SM_CHANNEL_TRAIN: '/work/job-1/algo-2/input/data/train',
    SM_HOSTS: '["algo-1","algo-2"]',
    SM_CURRENT_HOST: 'algo-2',
    SM_NUM_CPUS: '2',
    SM_NUM_GPUS: '0',
    SM_HP_EPOCHS: '10',
    'SM_HP_LEARNING-RATE': '0.1',
    SM_HP_NAME: 'plain text',
    SM_HP_LAYERS: '[1,2]',
    SM_HP_AUGMENT: 'True',
    SM_USER_ENTRY_POINT: 'train.py',
    SM_MODULE_NAME: 'train',
    SM_MODULE_DIR: 's3://bucket/sourcedir.tar.gz',
    SM_FRAMEWORK_PARAMS: '{"sagemaker_mpi_enabled":true}',
    SM_LOG_LEVEL: '20',
  });
  const read = (name: string) => JSON.parse(environment[name] ?? '');
  expect(read('SM_HPS')).toEqual({
    ...{ epochs: 10, 'learning-rate': 0.1, name: 'plain text', quoted: 'text' },
    ...{ layers: [1, 2], augment: true, b: 1 },
  });
  expect(read('SM_USER_ARGS')).toEqual(args);
  expect(read('SM_RESOURCE_CONFIG')).toEqual(resourceConfig(host));
  expect(read('SM_INPUT_DATA_CONFIG')).toEqual(host.inputDataConfig);
  expect(read('SM_TRAINING_ENV')).toMatchObject({
    job_name: 'job-1',
    is_master: false,
    master_hostname: 'algo-1',
    channel_input_dirs: { train: '/work/job-1/algo-2/input/data/train' },
  });
});

test('a single host writes output data without a folder of its own', () => {
  const { environment } = trainingProcess({ ...host, currentHost: 'algo-1', hosts: ['algo-1'] });
  expect(environment.SM_OUTPUT_DATA_DIR).toBe('/work/job-1/algo-2/output/data');
});

test('a job without a program is refused', () => {
  expect(() => trainingProcess({ ...host, hyperparameters: {} })).toThrow(
    "ClientError: the hyperparameter 'sagemaker_program' must name the script to run",
  );
});

const directory = new JobDirectory('/work/j');

test.each([
  ['/opt/ml/model', '/work/j/model'],
  ['cd /opt/ml/code && ls /opt/ml', 'cd /work/j/code && ls /work/j'],
  ['--path=/opt/ml/input:/opt/ml/x', '--path=/work/j/input:/work/j/x'],
  ['s3://bucket/opt/ml/x', 's3://bucket/opt/ml/x'],
  ['/opt/mlflow', '/opt/mlflow'],
  ['/data/opt/ml', '/data/opt/ml'],
])('%s is %s for a job', (text, expected) => {
  expect(directory.translate(text)).toBe(expected);
});

test.each(['/tmp/x', '/opt/ml/../x', 'opt/ml/x', '/opt/ml'])('%s is no place for data', (path) => {
  expect(() => directory.locate(path)).toThrow('LocalPath must be below /opt/ml');
});
