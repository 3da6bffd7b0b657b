/**
 * From `training.hyperparameters` of a configuration to a user's script: our pipeline, the requests that it makes, AWS's own
 * reading of a job's hyperparameters (sagemaker-training), our adapter, the script. Nothing is trained.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rehearsePipeline } from '@kaizen-edge/local-aws';
import { local } from '../../config/local';
import { hyperparameterParameter } from '../../lambda/training/names';
import { trainingPipelineDefinition } from '../../lib/training/pipeline-definition';
import { REPOSITORY_ROOT, virtualEnvironmentPython } from '../../scripts/repository';

const MANIFEST = `s3://dataset/manifests/accepted/${'a'.repeat(64)}.jsonl`;
const CONFIGURED = { optimizer: 'adam', dropout: 0.5, nesterov: true, layers: 3 };
const GATE = { failures: 0, message: 'fine', accuracy: 0.9, exportSha256: 'e'.repeat(64) };

const roleOf = (name: string) => `arn:aws:iam::000000000000:role/${name}`;

/** What the Train step of an execution asks of CreateTrainingJob. */
async function jobOf(
  hyperparameters: Record<string, string | number | boolean>,
  again: Record<string, string>,
) {
  const definition = trainingPipelineDefinition({
    config: { ...local, training: { ...local.training, script: 'mine/user.py', hyperparameters } },
    datasetBucketName: 'dataset',
    modelBucketName: 'models',
    modelPackageGroupName: 'kaizen-local--surface-inspection',
    sourceUri: 's3://assets/0123.gz',
    sourceSha256: 'b'.repeat(64),
    jobRoleArns: {
      prepare: roleOf('prepare'),
      train: roleOf('train'),
      evaluate: roleOf('evaluate'),
      export: roleOf('export'),
    },
    encryptionKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k',
  });
  const parameters = Object.fromEntries(
    Object.entries(again).map(([name, value]) => [hyperparameterParameter(name), value]),
  );
  const { requests } = await rehearsePipeline({
    definition: JSON.stringify(definition),
    parameters: { DatasetManifestUri: MANIFEST, ...parameters },
    readJson: () => GATE,
  });
  const request = requests.find((one) => 'AlgorithmSpecification' in one);
  return request?.HyperParameters as unknown as Record<string, string>;
}

/** Runs a script as a job in a folder that stands for /opt/ml, with the file that SageMaker writes there. */
const RUN = `
import json, os, sys
from pathlib import Path
from sagemaker_training import environment
os.environ["SM_HPS"] = json.dumps(environment.read_hyperparameters())
from kaizen_training.adapter import main
sys.exit(main(dict(os.environ), Path(sys.argv[1])))
`;
const SERVING = `
def model_fn(model_dir): return object()
def transform_fn(model, input_data, content_type, accept): return ''
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-hyperparameters-'));
  for (const name of ['source', 'input/config', 'model', 'output/data']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @returns what the script has left as its model, JSON */
function runScript(script: string, hyperparameters: Record<string, string>): unknown {
  const source = join(folder, 'source');
  const file = { ...hyperparameters, script: 'user.py' };
  writeFileSync(join(source, 'user.py'), script);
  writeFileSync(join(folder, 'input', 'config', 'hyperparameters.json'), JSON.stringify(file));
  const { status, stderr } = spawnSync(virtualEnvironmentPython(), ['-c', RUN, source], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      PYTHONPATH: join(REPOSITORY_ROOT, 'training'),
      ...{ SAGEMAKER_BASE_DIR: folder, SM_MODEL_DIR: join(folder, 'model') },
      ...{ SM_OUTPUT_DIR: join(folder, 'output'), SM_OUTPUT_DATA_DIR: join(folder, 'output', 'data') },
      ...{ SM_INPUT_DATA_CONFIG: '{}', SM_CHANNELS: '[]', SM_NUM_GPUS: '0', SM_NUM_CPUS: '1' },
      ...{ SM_HOSTS: '["algo-1"]', SM_CURRENT_HOST: 'algo-1' },
    },
  });
  if (status !== 0) throw new Error(`the job ended with ${status}: ${stderr}`);
  return JSON.parse(readFileSync(join(folder, 'model', 'weights.json'), 'utf8'));
}

test('[S1] a function gets the configured values in their types, and another one where an execution says so', async () => {
  const script = `${SERVING}
import json
def train(hyperparameters): return hyperparameters
def save(model, model_dir):
    with open(model_dir + '/weights.json', 'w') as file: json.dump(model, file)
`;
  const job = await jobOf(CONFIGURED, { dropout: '0.3' });
  expect(runScript(script, job)).toMatchObject({
    ...CONFIGURED,
    dropout: 0.3,
    epochs: local.training.epochs,
    champion_uri: 'none',
  });
});

test('[S1] a program gets them as arguments', async () => {
  const script = `${SERVING}
import argparse, json, os
if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--optimizer')
    parser.add_argument('--dropout', type=float)
    given, others = parser.parse_known_args()
    with open(os.environ['SM_MODEL_DIR'] + '/weights.json', 'w') as file:
        json.dump({**vars(given), 'others': others}, file)
`;
  const job = await jobOf(CONFIGURED, { optimizer: 'sgd' });
  expect(runScript(script, job)).toMatchObject({
    optimizer: 'sgd',
    dropout: 0.5,
    others: expect.arrayContaining(['--layers', '3', '--epochs', String(local.training.epochs)]),
  });
});
