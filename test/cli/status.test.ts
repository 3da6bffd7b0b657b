import { retryLine, rolloutLine } from '../../cli/registry/explain-rollout';
import type { RolloutState } from '../../lambda/rollout/rollout-state';
import { FakeClient, FakeTables, fakeCloudFormation, OUTPUTS, runKaizen } from './fakes';

/** SageMaker with model packages of these states, the first one version 1. */
const packages = (...states: string[]) =>
  new FakeClient({
    ListModelPackages: () => ({
      ModelPackageSummaryList: states.map((ModelApprovalStatus, index) => ({
        ModelPackageVersion: index + 1,
        ModelApprovalStatus,
      })),
    }),
  });

test('status shows releases, waves, champion, devices and episodes; a device is there, stopped, restarted or silent [N7]', async () => {
  const dynamoDb = new FakeTables({
    releases: [
      { useCase: 'surface', item: 'release#000002', status: 'ROLLING_OUT', componentVersion: '1.0.2' },
      { useCase: 'surface', item: 'release#000001', status: 'IN_SERVICE', componentVersion: '1.0.1' },
      { useCase: 'surface', item: 'champion', counter: 1 },
      { useCase: 'surface', item: 'wave#canary', counter: 2 },
      { useCase: 'surface', item: 'wave#stable', counter: 1 },
      { useCase: 'surface', item: 'counter', value: 2 },
      { useCase: 'other', item: 'release#000009', status: 'READY', componentVersion: '1.0.9' },
    ],
    episodes: [
      { useCase: 'surface', episodeId: 'open', currentEpisodeId: 'surface-1-episode-1' },
      { useCase: 'surface', episodeId: 'surface-1-episode-1', status: 'RETRAINING', openedAt: '2026-03-01' },
    ],
    inventory: [
      {
        useCase: 'surface',
        deviceId: 'line-1',
        releaseId: 'surface-2',
        healthy: false,
        conditions: [
          { name: 'disk', ok: false, value: 97 },
          { name: 'camera', ok: true, value: 'ok' },
        ],
        outboxRecords: 3,
        framesProcessed: 1000,
        receivedAt: Date.parse('2026-03-01T23:59:00Z'),
      },
      {
        useCase: 'surface',
        deviceId: 'line-2',
        releaseId: 'surface-1',
        healthy: true,
        endedUncleanly: true,
        refusedReleases: [
          {
            releaseId: 'surface-2',
            code: 'ENDED_ITS_PROCESS',
            reason: 'ended with SIGSEGV',
            quarantined: true,
          },
          { releaseId: 'surface-0', code: 'EXPIRED', quarantined: false },
        ],
        outboxRecords: 0,
        framesProcessed: 7,
        receivedAt: Date.parse('2026-03-01T23:59:00Z'),
      },
      ...(['running', 'stopped'] as const).map((state, index) => ({
        useCase: 'surface',
        deviceId: `line-${index + 3}`,
        state,
        healthy: true,
        outboxRecords: 0,
        framesProcessed: 0,
        receivedAt: Date.parse('2026-03-01T20:00:00Z'),
      })),
    ],
  });
  const { exitCode, output } = await runKaizen('status', { dynamoDb, sageMaker: packages() });
  expect(exitCode).toBe(0);
  expect(output).toBe(
    [
      'Use case surface',
      '',
      'Releases',
      'counter  component  status                 waves   reason',
      '1        1.0.1      IN_SERVICE (champion)  stable',
      '2        1.0.2      ROLLING_OUT            canary',
      '',
      'Devices',
      'device  release    health                                                                             frames  outbox  seen',
      'line-1  surface-2  unhealthy: disk=97                                                                 1000    3       60 s ago',
      'line-2  surface-1  healthy (restarted); surface-2 quarantined: ENDED_ITS_PROCESS: ended with SIGSEGV  7       0       60 s ago',
      'line-3  none       silent                                                                             0       0       4 h ago',
      'line-4  none       stopped                                                                            0       0       4 h ago',
      '',
      'Episodes',
      'episode              status      opened      why',
      'surface-1-episode-1  RETRAINING  2026-03-01',
      '',
      'Waiting',
      'none',
    ].join('\n'),
  );
});

test('[B14] status says what was last found of the release in service, and why episodes were opened and closed', async () => {
  const evidence = (more: object) => ({ results: 500, features: [], deviatingDevices: [], ...more });
  const dynamoDb = new FakeTables({
    releases: [
      { useCase: 'surface', item: 'release#000002', status: 'IN_SERVICE', componentVersion: '1.0.2' },
      { useCase: 'surface', item: 'champion', counter: 2 },
    ],
    episodes: [
      {
        useCase: 'surface',
        episodeId: 'surface-2-episode-1',
        status: 'CLOSED',
        openedAt: '2026-03-01',
        closedBecause: 'the field is within its limits again, over 24 h',
        evidence: evidence({
          assessment: { kind: 'DRIFT', feature: 'embedding', value: 1.2, limit: 0.45 },
          cause: { kind: 'camera', devices: ['line-3'] },
          harm: { by: 'labels', drop: { value: 0.031, lower: 0.01, upper: 0.05 } },
        }),
      },
      ...[1, 2].map((counter) => ({
        useCase: 'surface#assessments',
        episodeId: `surface-${counter}`,
        releaseId: `surface-${counter}`,
        assessedAt: '2026-03-01T23:50:00Z',
        evidence: evidence({
          assessment: { kind: 'HEALTHY' },
          cause: { kind: 'yield', value: 2.48, limit: 0.5 },
          harm: { by: 'confidence', accuracy: 0.962, drop: 0.004 },
        }),
      })),
    ],
  });
  const { output } = await runKaizen('status', { dynamoDb, sageMaker: packages() });
  expect(output).toContain(
    [
      'Drift',
      'surface-2, 10 min ago: Healthy. Only the mix of classes has moved (index 2.48, limit 0.50): the yield, or other parts. That is no drift. By the confidence the accuracy is about 96.2 %, 0.4 points less than tested, if nothing is among the parts that the release was not shown.',
      '',
      'Episodes',
      'episode              status  opened      why',
      'surface-2-episode-1  CLOSED  2026-03-01  What the classifier reads has moved away from where it was validated: squared shift 1.20, limit 0.45. Only line-3 deviates: look at lens, lamp and mount there. By labels 3.1 points of accuracy are lost (between 1.0 and 5.0). Closed: the field is within its limits again, over 24 h.',
    ].join('\n'),
  );
});

test('[B11] status of an empty registry says none', async () => {
  const { output } = await runKaizen('status', { dynamoDb: new FakeTables(), sageMaker: packages() });
  expect(output.match(/^none$/gm)).toHaveLength(4);
});

describe('[B27] F24: what waits is shown with its reason and the command that ends it', () => {
  const cloudFormation = () =>
    fakeCloudFormation({ ...OUTPUTS, StartRetrainingFunctionName: 'start-retraining' });
  const answers = (answer: object, FunctionError?: string) =>
    new FakeClient({
      Invoke: () => ({ FunctionError, Payload: Buffer.from(JSON.stringify(answer)) }),
    });
  const waiting = async (sageMaker: FakeClient, lambda: FakeClient) => {
    const clients = { dynamoDb: new FakeTables(), sageMaker, lambda, cloudFormation: cloudFormation() };
    const { exitCode, output } = await runKaizen('status', clients);
    expect(exitCode).toBe(0);
    return output.slice(output.indexOf('Waiting')).split('\n').slice(1);
  };

  test('a model package that a person has to decide on', async () => {
    const lines = await waiting(packages('Approved', 'PendingManualApproval'), answers({ kind: 'SKIP' }));
    expect(lines).toEqual([
      'model package 2 waits for a person: `kaizen report 2`, then `kaizen approve 2` or `kaizen reject 2`',
    ]);
  });

  test('a retraining that one mistyped label holds; asking starts nothing', async () => {
    const reason = "1 of 25 labels of the new class 'digit_x'";
    const lambda = answers({ kind: 'WAIT', cause: 'LABELS', reason });
    const [line, ...more] = await waiting(packages(), lambda);
    expect(line).toContain(`retraining waits: ${reason}; \`kaizen captures --unlabelled`);
    expect(line).toContain('`kaizen captures --labelled <class>`');
    expect(more).toEqual([]);
    expect(Buffer.from(lambda.calls[0]?.input.Payload as Buffer).toString()).toBe('{"explain":true}');
  });

  test('the drift that a retraining waits to answer is named with its cause and its cost', async () => {
    const because = [
      'What the classifier reads has moved away from where it was validated: squared shift 2.10, limit 0.45.',
      'Only line-3 deviates: look at lens, lamp and mount there.',
    ];
    const lambda = answers({ kind: 'WAIT', cause: 'COOLDOWN', reason: 'the cooldown is 24 h', because });
    expect(await waiting(packages(), lambda)).toEqual([
      `retraining waits: the cooldown is 24 h; \`kaizen train\` starts one now. Why: ${because.join(' ')}`,
    ]);
  });

  test('who cannot be asked does not hide what the others say', async () => {
    const silent = new FakeClient({});
    expect(await waiting(silent, answers({ errorMessage: 'no rights' }, 'Unhandled'))).toEqual([
      'the registry cannot be asked: the fake does not know ListModelPackages',
      'start-retraining cannot be asked: start-retraining ended with Unhandled: {"errorMessage":"no rights"}',
    ]);
  });
});

test('case 51: status says whether devices that a rollout went on without have caught up', async () => {
  const device = (deviceId: string, more: object) => ({
    useCase: 'surface',
    deviceId,
    healthy: true,
    outboxRecords: 0,
    framesProcessed: 1,
    receivedAt: Date.now(),
    ...more,
  });
  const dynamoDb = new FakeTables({
    releases: [
      {
        useCase: 'surface',
        item: 'release#000002',
        status: 'IN_SERVICE',
        setAside: ['line-1', 'line-2', 'line-3', 'line-4'],
      },
    ],
    episodes: [],
    inventory: [
      device('line-1', { releaseId: 'surface-2' }),
      device('line-2', { releaseId: 'surface-1' }),
      device('line-3', {
        releaseId: 'surface-1',
        refusedReleases: [{ releaseId: 'surface-2', code: 'EXPIRED' }],
      }),
    ],
  });
  const { output } = await runKaizen('status', { dynamoDb, sageMaker: packages() });
  expect(output).toContain(
    'Set aside: line-1 has caught up, line-2 has surface-1, line-3 refused it: EXPIRED, line-4 has no release.',
  );
});

test('[B13] status says how many labels of which devices a rollout waits for', () => {
  const state = {
    releaseId: 'surface-2',
    waves: [{ name: 'canary' }],
    judgement: {
      verdict: 'WAIT',
      reasons: ['Escapes: too many parts pass newly.'],
      numbers: {},
      needs: [{ labels: 20, of: 'newly-passed', devices: ['line-1', 'line-2'] }],
    },
  } as unknown as RolloutState;
  expect(rolloutLine(state)).toBe(
    'rollout of surface-2 waits in wave canary: Escapes: too many parts pass newly. label 20 captures (reason: disagreement) of parts that pass now and did not before, of line-1, line-2 first: kaizen captures --unlabelled',
  );
});

describe('case 51: status says what a release waits for that is tried again', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  const awaits = { devices: ['line-1', 'line-2'], enough: 1, since: '', until: '2026-03-01T13:00:00.000Z' };
  test.each([
    ['nothing', {}, undefined],
    ['a pause that is over', { retryAfter: '2026-03-01T11:59:00.000Z' }, undefined],
    [
      'a pause',
      { retryAfter: '2026-03-01T12:05:00.000Z' },
      'surface-2 is tried again after 2026-03-01T12:05:00.000Z',
    ],
    [
      'devices',
      { retryAfter: '2026-03-01T12:05:00.000Z', awaits },
      'surface-2 is tried again when 1 of line-1, line-2 can be heard of again, or after 2026-03-01T13:00:00.000Z: see to the devices, or take them out of their thing group',
    ],
    ['devices for too long', { awaits: { ...awaits, until: '2026-03-01T12:00:00.000Z' } }, undefined],
  ])('%s', (_, stored, line) => {
    expect(retryLine('surface-2', stored, now)).toBe(line);
  });

  test('of every release that is ready', async () => {
    const dynamoDb = new FakeTables({
      releases: [
        {
          useCase: 'surface',
          item: 'release#000002',
          status: 'READY',
          retryAfter: '2999-01-01T00:00:00.000Z',
        },
        {
          useCase: 'surface',
          item: 'release#000001',
          status: 'SUPERSEDED',
          retryAfter: '2999-01-01T00:00:00.000Z',
        },
      ],
    });
    const { output } = await runKaizen('status', { dynamoDb, sageMaker: packages() });
    expect(output.slice(output.indexOf('Waiting')).split('\n')).toEqual([
      'Waiting',
      'surface-2 is tried again after 2999-01-01T00:00:00.000Z',
    ]);
  });
});

test('[S10] what devices ask of the cloud is shown, where any of them asks', async () => {
  const device = (deviceId: string, conditions: object[]) => ({
    useCase: 'surface',
    deviceId,
    healthy: true,
    conditions,
    outboxRecords: 0,
    framesProcessed: 7,
    receivedAt: Date.now(),
  });
  const asks = { name: 'secondOpinions', ok: true, value: 'answered 12, too-many 3' };
  const shown = async (...inventory: object[]) => {
    const dynamoDb = new FakeTables({ releases: [], episodes: [], inventory: inventory as never });
    return (await runKaizen('status', { dynamoDb, sageMaker: packages() })).output;
  };
  expect(await shown(device('line-1', [asks]), device('line-2', []))).toMatch(
    /Second opinions\ndevice\s+frames\nline-1\s+answered 12, too-many 3\n\nEpisodes/,
  );
  expect(await shown(device('line-2', []))).not.toContain('Second opinions');
});
