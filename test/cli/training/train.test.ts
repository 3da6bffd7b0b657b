import type { PipelineExecutionStep } from '@aws-sdk/client-sagemaker';
import { CHAMPION_ITEM, releaseItemKey } from '../../../lambda/registry/names';
import type { CloudModel } from '../../../lambda/training/cloud-champion';
import { aRelease } from '../../lambda/shared/builders';
import { aGateReport, FakeBucket, FakeClient, runKaizen } from '../fakes';

const EXECUTION = 'arn:aws:sagemaker:us-east-1:000000000000:pipeline/training/execution/abc123';
const MANIFEST = `manifests/accepted/${'a'.repeat(64)}.jsonl`;
const GATE = aGateReport('the model keeps all 8 limits');
const at = (seconds: number) => new Date(1_000 * seconds);

/** Looks at an execution, one after the other: its status, and its steps. */
type Look = readonly [status: string, steps: readonly PipelineExecutionStep[]];

function world({
  dataset = true,
  champion = true,
  looks = [] as readonly Look[],
  cloudModel = undefined as CloudModel | undefined,
} = {}) {
  const s3 = new FakeBucket();
  if (dataset) s3.objects.set('manifests/current.json', Buffer.from(JSON.stringify({ key: MANIFEST })));
  s3.objects.set('pipelines/abc123/export/gate.json', Buffer.from(JSON.stringify(GATE)));
  const release = aRelease({ counter: 2 });
  const items = new Map<unknown, object>([
    [CHAMPION_ITEM, { counter: 2, exportUri: 's3://models/pipelines/x/export/', cloudModel }],
    [releaseItemKey(2), { release: JSON.stringify(release) }],
  ]);
  const dynamoDb = new FakeClient({
    Get: (input) => {
      const { Key } = input as unknown as { readonly Key: { readonly item: string } };
      return { Item: champion ? items.get(Key.item) : undefined };
    },
  });
  const waiting = [...looks];
  const sageMaker = new FakeClient({
    DescribePipeline: () => ({
      PipelineDefinition: JSON.stringify({
        Parameters: ['Epochs', 'Hyperparameter_note', 'Hyperparameter_optimizer'].map((Name) => ({ Name })),
      }),
    }),
    StartPipelineExecution: () => ({ PipelineExecutionArn: EXECUTION }),
    DescribeModelPackage: () => ({
      InferenceSpecification: { Containers: [{ ModelDataUrl: 's3://models/champion.tar.gz' }] },
    }),
    DescribePipelineExecution: () => ({ PipelineExecutionStatus: waiting[0]?.[0] }),
    ListPipelineExecutionSteps: () => ({ PipelineExecutionSteps: waiting.shift()?.[1] ?? [] }),
  });
  return { s3, dynamoDb, sageMaker };
}

const startOf = ({ sageMaker }: ReturnType<typeof world>) =>
  sageMaker.calls.find(({ name }) => name === 'StartPipelineExecution')?.input;

describe('[S9] kaizen train', () => {
  test('starts with the dataset in force and the release in service', async () => {
    const aws = world();
    const { exitCode, output } = await runKaizen('train --epochs 20 --seed 0', aws);
    expect({ exitCode, output }).toEqual({
      exitCode: 0,
      output: `Training abc123 of s3://datasets/${MANIFEST}\nCompared with ${aRelease().releaseId}`,
    });
    expect(startOf(aws)).toMatchObject({
      PipelineName: 'kaizen-local--surface-training',
      PipelineParameters: [
        { Name: 'DatasetManifestUri', Value: `s3://datasets/${MANIFEST}` },
        { Name: 'ChampionModelUri', Value: 's3://models/champion.tar.gz' },
        { Name: 'Epochs', Value: '20' },
        { Name: 'Seed', Value: '0' },
      ],
    });
  });

  test.each([
    // The width of what is deployed (test/cli/fakes.ts).
    [0.5, [{ Name: 'ChampionCloudModelUri', Value: 's3://models/cloud.tar.gz' }]],
    [1, []],
  ])('[S10] begins with the larger network of width %p where it fits', async (widthMultiplier, expected) => {
    const aws = world({ cloudModel: { uri: 's3://models/cloud.tar.gz', widthMultiplier } });
    await runKaizen('train', aws);
    expect(startOf(aws)?.PipelineParameters).toEqual([
      { Name: 'DatasetManifestUri', Value: `s3://datasets/${MANIFEST}` },
      { Name: 'ChampionModelUri', Value: 's3://models/champion.tar.gz' },
      ...expected,
    ]);
  });

  test.each([
    ['train --no-champion', world()],
    ['train', world({ champion: false })],
  ])('%s, where there is nothing to compare with, begins from nothing', async (line, aws) => {
    const { output } = await runKaizen(line, aws);
    expect(output).toContain('Compared with nothing');
    expect(startOf(aws)?.PipelineParameters).toEqual([
      { Name: 'DatasetManifestUri', Value: `s3://datasets/${MANIFEST}` },
    ]);
  });

  test('says how to bring a dataset where there is none, and starts nothing', async () => {
    const aws = world({ dataset: false });
    const { exitCode, errors } = await runKaizen('train', aws);
    expect(exitCode).toBe(2);
    expect(errors).toContain("has no dataset yet: bring one with 'kaizen dataset import <folder>'");
    expect(startOf(aws)).toBeUndefined();
  });

  test.each([
    ['--epochs 0', 'at least 1'],
    ['--learning-rate -1', 'above 0'],
    ['--manifest ./manifest.jsonl', 's3://<bucket>/<key>.jsonl'],
  ])('refuses %s', async (option, rule) => {
    const { exitCode, errors } = await runKaizen(`train ${option}`, world());
    expect(exitCode).toBe(2);
    expect(errors).toContain(rule);
  });

  test('[S1] gives hyperparameters of the configuration other values', async () => {
    const aws = world({ champion: false });
    const { exitCode } = await runKaizen(
      'train --hyperparameter optimizer=adam --hyperparameter note=a=b',
      aws,
    );
    expect(exitCode).toBe(0);
    expect(startOf(aws)).toMatchObject({
      PipelineParameters: [
        { Name: 'DatasetManifestUri' },
        { Name: 'Hyperparameter_optimizer', Value: 'adam' },
        { Name: 'Hyperparameter_note', Value: 'a=b' },
      ],
    });
  });

  test('[S1] says which hyperparameters there are where one is not, all at once, and starts nothing', async () => {
    const aws = world();
    const line = 'train --hyperparameter optimiser=adam --hyperparameter epochs=3';
    const { exitCode, errors } = await runKaizen(line, aws);
    expect(exitCode).toBe(2);
    expect(errors).toContain(
      "optimiser: must be one of training.hyperparameters as deployed (note, optimizer), got 'optimiser'",
    );
    expect(errors).toContain('epochs: has an option of its own, --epochs');
    expect(startOf(aws)).toBeUndefined();
  });

  test.each(['optimizer', '=adam', 'opti-mizer=adam', 'optimizer='])(
    'refuses --hyperparameter %s',
    async (given) => {
      const { exitCode, errors } = await runKaizen(`train --hyperparameter ${given}`, world());
      expect(exitCode).toBe(2);
      expect(errors).toContain('It must be <name>=<value>');
    },
  );

  const prepare = {
    StepName: 'Prepare',
    StepStatus: 'Succeeded',
    StartTime: at(0),
    EndTime: at(30),
  } as const;
  const train = { StepName: 'Train', StepStatus: 'Executing', StartTime: at(30) } as const;
  const register = {
    StepName: 'Register',
    StepStatus: 'Succeeded',
    StartTime: at(90),
    EndTime: at(91),
    Metadata: { RegisterModel: { Arn: 'arn:model-package/7' } },
  } as const;

  test('--follow tells of each step once, and ends with the sentence of the gate', async () => {
    const cached = { ...prepare, CacheHitResult: { SourcePipelineExecutionArn: 'earlier' } };
    const trained = { ...train, StepStatus: 'Succeeded', EndTime: at(90) } as const;
    const aws = world({
      looks: [
        ['Executing', [cached, train]],
        ['Executing', [cached, train]],
        ['Succeeded', [cached, trained, register]],
      ],
    });
    const { exitCode, output, errors } = await runKaizen('train --follow', aws);
    expect(exitCode).toBe(0);
    expect(errors.split('\n')).toEqual([
      '  Prepare: taken from an earlier execution',
      '  Train: executing',
      '  Train: succeeded after 60 s',
      '  Register: succeeded after 1 s',
    ]);
    expect(output.split('\n').slice(2)).toEqual([
      'the model keeps all 8 limits',
      'Model package 7 waits for a person: `kaizen report 7`, then `kaizen approve 7` or `kaizen reject 7`',
    ]);
  });

  test('--follow fails with the reasons of the steps that failed', async () => {
    const failed = {
      ...train,
      StepStatus: 'Failed',
      EndTime: at(40),
      FailureReason: 'AlgorithmError: no',
    } as const;
    const aws = world({ looks: [['Failed', [prepare, failed]]] });
    const { exitCode, errors } = await runKaizen('train --follow', aws);
    expect({ exitCode, last: errors.split('\n').at(-1) }).toEqual({
      exitCode: 1,
      last: 'error: the training failed: Train: AlgorithmError: no',
    });
  });

  test('--json says it once, for programs', async () => {
    const { output } = await runKaizen(
      'train --follow --json',
      world({ looks: [['Succeeded', [register]]] }),
    );
    expect(JSON.parse(output)).toMatchObject({
      executionArn: EXECUTION,
      succeeded: true,
      sentence: GATE.message,
      modelPackageVersion: 7,
    });
  });
});
