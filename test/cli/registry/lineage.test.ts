/** `kaizen lineage`: every link is followed, checked, and said to be broken when it is. */
import { createHash } from 'node:crypto';
import { brokenLinks, buildLineage, type LineageLinks } from '../../../cli/registry/lineage';
import { runProgram } from '../../../cli/run-program';
import type { DatasetItem } from '../../../contracts';
import { aRelease } from '../../lambda/shared/builders';
import { asClients, awsError, FakeClient, FakeTables, fakeCloudFormation, OUTPUTS } from '../fakes';

const ARN = 'arn:aws:sagemaker:us-east-1:000000000000:model-package/kaizen-local--surface/2';
const EXECUTION = 'arn:aws:sagemaker:us-east-1:000000000000:pipeline/p/execution/abcdefghijkl';
const EARLIER = EXECUTION.replace('abcdefghijkl', 'zzzzzzzzzzzz');
const CHAMPION = 's3://models/pipelines/zzzzzzzzzzzz/model/j/output/model.tar.gz';
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const item = (index: number, changes: Partial<DatasetItem>): DatasetItem => ({
  id: `item-${index}`,
  groupId: `group-${index}`,
  key: `images/${index}.jpg`,
  sha256: String(index).repeat(64),
  label: 'good',
  origin: 'imported',
  capturedAt: '2026-01-01T00:00:00.000Z',
  split: 'train',
  ...changes,
});
const MANIFEST = Buffer.from(
  [
    item(1, {}),
    item(2, { split: 'test' }),
    item(3, { label: 'crack', origin: 'captured', capturedAt: '2026-02-03T00:00:00.000Z' }),
    item(4, {
      label: 'crack',
      origin: 'captured',
      capturedAt: '2026-02-01T00:00:00.000Z',
      split: 'validation',
    }),
  ]
    .map((line) => JSON.stringify(line))
    .join('\n'),
);
const CODE = Buffer.from('sourcedir.tar.gz');
const EXPORT = Buffer.from('export.json');
const MANIFEST_URI = `s3://datasets/manifests/accepted/${sha256(MANIFEST)}.jsonl`;
const evaluationOf = (datasetManifestSha256: string) =>
  Buffer.from(
    JSON.stringify({
      accuracy: 0.96,
      champion: { accuracy: 0.94, worstRecallDrop: 0.01, worstRecallDropClass: 'good' },
      datasetManifestSha256,
    }),
  );

/** A package whose links all hold. */
const WHOLE: LineageLinks = {
  modelPackage: {
    arn: ARN,
    version: 2,
    approvalStatus: 'Approved',
    approvalReason: 'looked at it',
    createdAt: '2026-03-01T00:10:00.000Z',
    modelUri: 's3://models/pipelines/abcdefghijkl/model/j/output/model.tar.gz',
    metadata: {
      pipelineExecutionId: 'abcdefghijkl',
      exportUri: 's3://models/pipelines/abcdefghijkl/export/',
      exportSha256: sha256(EXPORT),
      codeSha256: sha256(CODE),
      datasetManifestUri: MANIFEST_URI,
    },
  },
  execution: {
    value: {
      arn: EXECUTION,
      status: 'Succeeded',
      startedAt: '2026-03-01T00:00:00.000Z',
      endedAt: '2026-03-01T00:10:00.000Z',
      parameters: { DatasetManifestUri: MANIFEST_URI, ChampionModelUri: CHAMPION },
      steps: [],
    },
  },
  code: { value: CODE },
  manifest: { value: MANIFEST },
  evaluation: { value: evaluationOf(sha256(MANIFEST)) },
  exported: { value: EXPORT },
  releases: [
    { counter: 1, status: 'SUPERSEDED', modelPackageArn: `${ARN.slice(0, -1)}1`, modelUri: CHAMPION },
    { counter: 2, status: 'IN_SERVICE', modelPackageArn: ARN },
  ],
};

test('[experiment lineage] package, execution, code, dataset, items, champion and releases belong together', () => {
  const lineage = buildLineage(WHOLE);
  expect(brokenLinks(lineage)).toEqual([]);
  expect(lineage.checks.map(({ link }) => link)).toEqual([
    'pipeline execution',
    'export',
    'dataset of the execution',
    'end of the execution',
    'code',
    'exported files',
    'dataset manifest',
    'evaluated dataset',
  ]);
  expect(lineage).toMatchObject({
    accuracy: 0.96,
    manifestSha256: sha256(MANIFEST),
    dataset: {
      items: 4,
      perClass: { crack: { train: 1, validation: 1 }, good: { test: 1, train: 1 } },
      origins: { imported: 2, captured: 2 },
      newestCapture: '2026-02-03T00:00:00.000Z',
    },
    champion: { modelUri: CHAMPION, release: 1, accuracy: 0.94, worstRecallDrop: 0.01 },
    releases: [{ counter: 2, status: 'IN_SERVICE' }],
  });
});

const withMetadata = (changes: Record<string, string>): LineageLinks => ({
  ...WHOLE,
  modelPackage: { ...WHOLE.modelPackage, metadata: { ...WHOLE.modelPackage.metadata, ...changes } },
});
const withExecution = (changes: object): LineageLinks => ({
  ...WHOLE,
  execution: {
    value: { ...('value' in WHOLE.execution ? WHOLE.execution.value : undefined), ...changes } as never,
  },
});

test.each<[string, LineageLinks, string, string | RegExp]>([
  [
    'one line of the manifest was changed',
    { ...WHOLE, manifest: { value: Buffer.concat([MANIFEST, Buffer.from('\n')]) } },
    'dataset manifest',
    /^its bytes have SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}$/,
  ],
  [
    'the manifest is gone',
    { ...WHOLE, manifest: { missing: 's3://x cannot be read: NoSuchKey: gone' } },
    'dataset manifest',
    's3://x cannot be read: NoSuchKey: gone',
  ],
  [
    'the code was exchanged',
    { ...WHOLE, code: { value: Buffer.from('other') } },
    'code',
    /^its bytes have SHA-256 .*, not /,
  ],
  ['no code digest is stated', withMetadata({ codeSha256: '' }), 'code', "no SHA-256 is stated, got ''"],
  [
    'another dataset was evaluated',
    { ...WHOLE, evaluation: { value: evaluationOf('f'.repeat(64)) } },
    'evaluated dataset',
    /^the package says [0-9a-f]{64}, evaluation.json says f{64}$/,
  ],
  [
    'the evaluation is no JSON',
    { ...WHOLE, evaluation: { value: Buffer.from('<html>') } },
    'evaluated dataset',
    'evaluation.json does not state it',
  ],
  [
    'the export was overwritten after the registration',
    { ...WHOLE, exported: { value: Buffer.from('another') } },
    'exported files',
    /^its bytes have SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}$/,
  ],
  [
    'the metadata was copied from another package',
    withMetadata({ exportUri: 's3://models/pipelines/zzzzzzzzzzzz/export/' }),
    'export',
    'the package says abcdefghijkl, exportUri says zzzzzzzzzzzz',
  ],
  ['another execution made it', withExecution({ arn: EARLIER }), 'pipeline execution', /says zzzzzzzzzzzz$/],
  [
    'the execution had another dataset',
    withExecution({ parameters: { DatasetManifestUri: 's3://other' } }),
    'dataset of the execution',
    /the execution says s3:\/\/other$/,
  ],
  ['the execution failed', withExecution({ status: 'Failed' }), 'end of the execution', 'it has Failed'],
  [
    'the execution is forgotten',
    { ...WHOLE, execution: { missing: 'ResourceNotFound' } },
    'pipeline execution',
    'ResourceNotFound',
  ],
])('[experiment lineage] when %s the link is broken, and only that one', (_what, links, link, detail) => {
  const broken = brokenLinks(buildLineage(links));
  expect(broken).toEqual([
    { link, holds: false, detail: typeof detail === 'string' ? detail : expect.stringMatching(detail) },
  ]);
});

test('[experiment lineage] lines of a manifest that are no items are counted, not hidden', () => {
  const manifest = Buffer.from(`${MANIFEST.toString()}\nnot json`);
  const uri = `s3://datasets/manifests/accepted/${sha256(manifest)}.jsonl`;
  const lineage = buildLineage({
    ...withMetadata({ datasetManifestUri: uri }),
    manifest: { value: manifest },
  });
  expect(brokenLinks(lineage)).toContainEqual({
    link: 'dataset items',
    holds: false,
    detail: '1 lines of the manifest are none',
  });
});

test('[experiment lineage] the first turn has no champion, and is not compared with itself', () => {
  const links = withExecution({ parameters: { DatasetManifestUri: MANIFEST_URI, ChampionModelUri: 'none' } });
  expect(buildLineage(links).champion).toEqual({ modelUri: 'none', release: undefined });
});

/** AWS with the package above; the buckets by URI. */
function clients(objects: Record<string, Buffer>) {
  const time = (minutes: number) => new Date(Date.UTC(2026, 2, 1, 0, minutes));
  const { metadata, modelUri } = WHOLE.modelPackage;
  const sageMaker = new FakeClient({
    ListModelPackages: () => ({
      ModelPackageSummaryList: [{ ModelPackageVersion: 2, ModelPackageArn: ARN }],
    }),
    DescribeModelPackage: () => ({
      ModelPackageArn: ARN,
      ModelApprovalStatus: 'Approved',
      ApprovalDescription: 'looked at it',
      CreationTime: time(10),
      InferenceSpecification: { Containers: [{ ModelDataUrl: modelUri }] },
      CustomerMetadataProperties: metadata,
      MetadataProperties: { GeneratedBy: EXECUTION },
      ModelMetrics: { ModelQuality: { Statistics: { S3Uri: 's3://models/evaluation.json' } } },
    }),
    DescribePipelineExecution: () => ({
      PipelineExecutionStatus: 'Succeeded',
      CreationTime: time(0),
      LastModifiedTime: time(10),
    }),
    // One a page: whoever does not follow the pages misses the second.
    ListPipelineParametersForExecution: ({ NextToken }) =>
      NextToken
        ? { PipelineParameters: [{ Name: 'ChampionModelUri', Value: CHAMPION }] }
        : { PipelineParameters: [{ Name: 'DatasetManifestUri', Value: MANIFEST_URI }], NextToken: 'more' },
    ListPipelineExecutionSteps: ({ NextToken }) =>
      NextToken
        ? {
            PipelineExecutionSteps: [
              { StepName: 'Train', StepStatus: 'Succeeded', StartTime: time(1), EndTime: time(3) },
            ],
          }
        : {
            PipelineExecutionSteps: [
              {
                StepName: 'Prepare',
                StepStatus: 'Succeeded',
                StartTime: time(0),
                EndTime: time(0),
                CacheHitResult: { SourcePipelineExecutionArn: EARLIER },
              },
            ],
            NextToken: 'more',
          },
    DescribePipelineDefinitionForExecution: () => ({
      PipelineDefinition: JSON.stringify({
        Steps: [
          {
            Name: 'Prepare',
            Arguments: {
              ProcessingInputs: [{ InputName: 'code', S3Input: { S3Uri: 's3://assets/code.gz' } }],
            },
          },
        ],
      }),
    }),
  });
  const s3 = new FakeClient({
    GetObject: (input) => {
      const body = objects[`s3://${(input as unknown as { Bucket: string }).Bucket}/${input.Key}`];
      if (!body) throw awsError('NoSuchKey', 'The specified key does not exist.');
      return { Body: { transformToByteArray: async () => body } };
    },
  });
  const release = (counter: number, modelPackageArn: string) => ({
    useCase: 'surface',
    item: `release#00000${counter}`,
    status: 'READY',
    release: JSON.stringify(aRelease({ counter, modelPackageArn })),
    ...(counter === 1 && { modelUri: CHAMPION }),
  });
  const dynamoDb = new FakeTables({ [OUTPUTS.ReleaseTableName]: [release(2, ARN), release(1, 'arn:other')] });
  return asClients({ cloudFormation: fakeCloudFormation(), sageMaker, s3, dynamoDb });
}

async function run(line: string, objects: Record<string, Buffer>) {
  const [output, errors]: [string[], string[]] = [[], []];
  const exitCode = await runProgram(line.split(' '), {
    clients: () => clients(objects),
    write: (text) => output.push(text),
    writeError: (text) => errors.push(text),
    now: () => new Date(0),
    sleep: async () => undefined,
    userName: () => 'ann',
  });
  return { exitCode, output: output.join('\n'), errors: errors.join('\n') };
}

const OBJECTS = {
  [MANIFEST_URI]: MANIFEST,
  's3://assets/code.gz': CODE,
  's3://models/evaluation.json': evaluationOf(sha256(MANIFEST)),
  's3://models/pipelines/abcdefghijkl/export/export.json': EXPORT,
};

test('[experiment lineage] kaizen lineage prints every link for people', async () => {
  const { exitCode, output } = await run('lineage 2', OBJECTS);
  expect(exitCode).toBe(0);
  for (const line of [
    `Model package 2: ${ARN}`,
    'Approved: looked at it; made 2026-03-01T00:10:00.000Z; accuracy 0.96',
    'Prepare  Succeeded  2026-03-01T00:00:00.000Z  0 s    from zzzzzzzzzzzz',
    'Train    Succeeded  2026-03-01T00:01:00.000Z  120 s',
    `Code SHA-256 ${sha256(CODE)}`,
    '4 items: 2 imported, 2 captured; newest capture 2026-02-03T00:00:00.000Z',
    'class  train  validation  test',
    'crack  1      1           0',
    `Compared with champion ${CHAMPION} (release 1): accuracy 0.94, largest fall in recall 0.01`,
    '2        READY',
  ]) {
    expect(output.split('\n')).toContain(line);
  }
  expect(output).not.toContain('BROKEN');
});

test('[experiment lineage] kaizen lineage --json is the same for programs', async () => {
  const { output } = await run('lineage 2 --json', OBJECTS);
  expect(JSON.parse(output)).toMatchObject({
    modelPackage: { version: 2 },
    execution: {
      parameters: { ChampionModelUri: CHAMPION },
      steps: [{ name: 'Prepare' }, { name: 'Train' }],
    },
    releases: [{ counter: 2 }],
  });
});

test('[experiment lineage] a broken link is printed with its reason, and is exit code 1', async () => {
  const { [MANIFEST_URI]: _gone, ...rest } = OBJECTS;
  const { exitCode, output, errors } = await run('lineage 2', rest);
  expect(exitCode).toBe(1);
  expect(errors).toBe('error: lineage: broken: dataset manifest');
  expect(output).toMatch(
    /dataset manifest +BROKEN {2}s3:.* cannot be read: NoSuchKey: The specified key does not exist\./,
  );
});

test('a version that is not in the group is refused', async () => {
  const { exitCode, errors } = await run('lineage 3', OBJECTS);
  expect(exitCode).toBe(2);
  expect(errors).toContain("model package version: 3 is not in the group 'kaizen-local--surface'");
});
