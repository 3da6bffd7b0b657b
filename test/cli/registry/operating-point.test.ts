import { dev } from '../../../config/dev';
import { local } from '../../../config/local';
import { prod } from '../../../config/prod';
import type { Label } from '../../../contracts';
import { inferenceComponentName } from '../../../lambda/device/names';
import { composePolicy } from '../../../lambda/registry/build-release/compose-release';
import { aRelease } from '../../lambda/shared/builders';
import { environment, FakeClient, FakeIot, FakeTables, runKaizen } from '../fakes';

const INFERENCE = inferenceComponentName(environment.scope);
const ME = 'arn:aws:sts::123456789012:assumed-role/Quality/eva';
const POLICY = {
  codes: { good: 1, scratch: 2 },
  classes: { good: 'pass', scratch: 'reject' },
  novel: 'review',
  operatingRange: {
    bounds: { good: { lowest: 0.8, highest: 0.97 } },
    costs: { escape: 100, falseReject: 1, review: 0.5 },
  },
} as const;

const releaseItem = (counter: number, modelPackageVersion: number, policy: object = POLICY) => ({
  useCase: 'surface',
  item: `release#00000${counter}`,
  release: JSON.stringify(
    aRelease({
      counter,
      releaseId: `surface-${counter}`,
      modelPackageVersion,
      classes: ['good', 'scratch'],
      thresholds: { good: 0.9, scratch: 0.6 },
      dispositionPolicy: policy as never,
    }),
  ),
});
const wave = (name: string, counter: number) => ({ useCase: 'surface', item: `wave#${name}`, counter });

let labels = 0;
const label = (changes: Partial<Label>): Label => ({
  useCase: 'surface',
  captureId: `capture-${++labels}`,
  label: 'good',
  labelledAt: '2026-11-26T12:00:00Z',
  labelledBy: 'eva',
  deviceId: 'line-1',
  releaseId: 'surface-2',
  capturedAt: '2026-11-26T11:00:00Z',
  predictedClass: 'good',
  confidence: 0.95,
  reasons: ['control'],
  inclusionProbability: 0.5,
  imageKey: 'captures/1.jpg',
  sha256: 'a'.repeat(64),
  ...changes,
});

interface World {
  readonly items?: Record<string, unknown>[];
  readonly parts?: Label[];
  readonly policy?: object;
}

/** Release 2 (model 7) on both waves; release 1 was the same model, release 3 is another one. */
function newCloud({ items = [wave('canary', 2), wave('stable', 2)], parts = [], policy }: World = {}) {
  const dynamoDb = new FakeTables({
    releases: [releaseItem(1, 7), releaseItem(2, 7, policy), releaseItem(3, 8), ...items],
    labels: parts as unknown as Record<string, unknown>[],
  });
  const iot = new FakeIot();
  iot.things.set('line-1', { principals: new Set(), groups: new Set(['kaizen-local-canary']) });
  const describe = ({ thingGroupName }: { thingGroupName: string }) => ({
    thingGroupArn: `arn:${thingGroupName}`,
  });
  const iotSend = iot.send;
  Object.assign(iot, {
    send: (command: { constructor: { name: string }; input: never }) =>
      command.constructor.name === 'DescribeThingGroupCommand' ? describe(command.input) : iotSend(command),
  });
  const greengrass = new FakeClient({
    ListDeployments: () => ({ deployments: [{ deploymentId: 'before' }] }),
    GetDeployment: () => ({
      deploymentId: 'before',
      deploymentStatus: 'ACTIVE',
      components: { [INFERENCE]: { componentVersion: '1.2.3' } },
    }),
    CreateDeployment: () => ({ deploymentId: 'deployment-2' }),
  });
  const sts = new FakeClient({ GetCallerIdentity: () => ({ Arn: ME }) });
  const run = (...words: string[]) =>
    runKaizen(['operating-point', '--why', 'escapes on Monday', ...words], {
      dynamoDb,
      iot,
      greengrass,
      sts,
    });
  const merges = () =>
    greengrass.calls
      .filter(({ name }) => name === 'CreateDeployment')
      .map(({ input }) => {
        const components = input.components as Record<string, { configurationUpdate: { merge: string } }>;
        return [input.targetArn, JSON.parse(components[INFERENCE]?.configurationUpdate.merge ?? 'null')];
      });
  const written = (prefix: string) =>
    (dynamoDb.items.releases ?? []).filter(({ item }) => String(item).startsWith(prefix));
  return { run, merges, written, greengrass };
}

const PARTS = [
  label({ label: 'scratch', confidence: 0.92 }),
  label({ label: 'scratch', confidence: 0.96, releaseId: 'surface-1' }),
  label({ confidence: 0.91 }),
  label({ confidence: 0.99 }),
  // Of another model: it says nothing about this one.
  label({ label: 'scratch', confidence: 0.92, releaseId: 'surface-3' }),
];

test('[B13] what it would have cost on the last labelled parts of the model is shown, and nothing is changed without --yes', async () => {
  const { run, merges, written } = newCloud({ parts: PARTS });
  const { exitCode, output } = await run('--group', 'canary', '--threshold', 'good=0.93');
  expect(exitCode).toBe(0);
  expect(output.split('\n').map((line) => line.trim())).toEqual([
    'surface-2 (model 7) on canary, wave canary',
    'class  release  now  asked  may be',
    'good   0.9      0.9  0.93   0.8 to 0.97',
    '',
    'On the last 4 labelled parts of this model, 2 of them defective, it would have been:',
    'now      asked',
    'escapes               2        1',
    'false rejects         0        0',
    'review                0        2',
    'cost per 1,000 parts  50000.0  25250.0',
    'Only 2 defective parts are among them: that says little about escapes.',
    'Nothing was changed: say it again with --yes.',
  ]);
  expect(merges()).toEqual([]);
  expect(written('operating-point')).toEqual([]);
});

test.each([dev, local, prod])(
  '[B13] a release of $environmentName may be moved within the bounds that its training has found',
  async ({ dispositionPolicy }) => {
    const bounds = { good: { lowest: 0.8, highest: 0.97 } };
    const policy = composePolicy(['good', 'scratch'], { good: 1, scratch: 2 }, dispositionPolicy, bounds);
    const { run, merges } = newCloud({ policy, parts: PARTS });
    await expect(run('--all', '--threshold', 'good=0.93', '--yes')).resolves.toMatchObject({ exitCode: 0 });
    expect(merges()).toHaveLength(2);
    await expect(run('--all', '--threshold', 'good=0.98')).resolves.toMatchObject({ exitCode: 2 });
  },
);

test('[B13] a move reaches the wave by its configuration, and is written down with who, when and why', async () => {
  const { run, merges, written } = newCloud({ parts: PARTS });
  const { exitCode, output } = await run('--all', '--threshold', 'good=0.93', '--yes');
  expect(exitCode).toBe(0);
  expect(output).toContain(`as moved by ${ME}`);
  const [move] = written('operating-point-move#');
  const at = move?.at as string;
  const point = { modelPackageVersion: 7, thresholds: [{ class: 'good', threshold: 0.93 }], at };
  expect(move).toMatchObject({
    ...point,
    by: ME,
    why: 'escapes on Monday',
    target: 'all',
    releaseId: 'surface-2',
    before: { good: 0.9, scratch: 0.6 },
    outcome: { before: { escapes: 2 }, after: { escapes: 1 } },
    deployments: { canary: 'deployment-2', stable: 'deployment-2' },
  });
  const told = { operatingPoints: { surface: { '*': point } } };
  expect(merges()).toEqual([
    ['arn:kaizen-local-canary', told],
    ['arn:kaizen-local-stable', told],
  ]);
  expect(written('operating-point#').map(({ item }) => item)).toEqual([
    'operating-point#canary',
    'operating-point#stable',
  ]);
});

test('[B13] the same command goes on from where the last one left off, and back to the release', async () => {
  const cloud = newCloud();
  await cloud.run('--group', 'canary', '--threshold', 'good=0.93', '--yes');
  const { output } = await cloud.run('--device', 'line-1', '--own', '--yes');
  expect(output).toContain('good   0.9      0.93  0.9    0.8 to 0.97');
  expect(output).toContain('No labelled part of this model: nobody can say what it would have cost.');
  const [, [group, merge]] = cloud.merges() as [unknown, [string, object]];
  expect(group).toBe('arn:kaizen-local-canary');
  expect(merge).toEqual({
    operatingPoints: {
      surface: { 'line-1': { modelPackageVersion: 7, thresholds: [], at: expect.any(String) } },
    },
  });
});

test('[B13] a point of another model is none: a new one starts from its own thresholds', async () => {
  const old = {
    useCase: 'surface',
    item: 'operating-point#canary',
    modelPackageVersion: 6,
    thresholds: [{ class: 'good', threshold: 0.97 }],
    at: '2026-11-01T00:00:00Z',
  };
  const { run } = newCloud({ items: [wave('canary', 2), old] });
  expect((await run('--group', 'canary', '--threshold', 'good=0.95')).output).toContain(
    'good   0.9      0.9  0.95',
  );
});

test.each<[string, World, string[], RegExp]>([
  [
    'outside the bounds',
    {},
    ['--all', '--threshold', 'good=0.98'],
    /--threshold good: must be 0\.8 to 0\.97 as surface-2 was signed, got 0\.98/,
  ],
  [
    'of a class that may not be moved',
    {},
    ['--all', '--threshold', 'scratch=0.5'],
    /scratch: surface-2 lets nobody move it, got 0\.5/,
  ],
  [
    'for two targets',
    {},
    ['--all', '--group', 'canary', '--threshold', 'good=0.9'],
    /name one of --device, --group and --all/,
  ],
  ['for nobody', {}, ['--threshold', 'good=0.9'], /name one of/],
  ['of nothing', {}, ['--all'], /say either --threshold <class>=<value> or --own/],
  ['and the way back at once', {}, ['--all', '--own', '--threshold', 'good=0.9'], /say either/],
  [
    'of another use case',
    {},
    ['--all', '--use-case', 'other', '--threshold', 'good=0.9'],
    /--use-case: must be 'surface', got 'other'/,
  ],
  [
    'where two models serve',
    { items: [wave('canary', 3), wave('stable', 2)] },
    ['--all', '--threshold', 'good=0.9'],
    /different models \(canary has surface-3, stable has surface-2\): name one with --group/,
  ],
  [
    'where nothing was deployed',
    { items: [] },
    ['--group', 'stable', '--threshold', 'good=0.9'],
    /no release was ever deployed to stable/,
  ],
  [
    'during a rollout',
    { items: [wave('canary', 2), { useCase: 'surface', item: 'rollout', executionArn: 'arn:run' }] },
    ['--group', 'canary', '--threshold', 'good=0.9'],
    /a rollout is running/,
  ],
  ['that is no number', {}, ['--all', '--threshold', 'good=high'], /must be <class>=<threshold>/],
  ['above 1', {}, ['--all', '--threshold', 'good=1.5'], /must be <class>=<threshold>/],
])('[B13] a threshold %s is refused, and nothing is changed', async (_, world, words, reason) => {
  const { run, merges, written } = newCloud(world);
  const { exitCode, errors } = await run(...words, '--yes');
  expect(exitCode).not.toBe(0);
  expect(errors).toMatch(reason);
  expect(merges()).toEqual([]);
  expect(written('operating-point')).toEqual([]);
});

test('[B13] a release that was signed before there were bounds lets nobody move anything', async () => {
  const { operatingRange: _, ...fixed } = POLICY;
  const cloud = newCloud({ items: [{ ...releaseItem(4, 9, fixed) }, wave('canary', 4)] });
  const { errors } = await cloud.run('--group', 'canary', '--own', '--yes');
  expect(errors).toMatch(/surface-4 lets nobody move a threshold/);
});
