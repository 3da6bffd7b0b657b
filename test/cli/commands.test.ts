import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redriveQueue } from '../../cli/redrive-queue';
import { runProgram } from '../../cli/run-program';
import type { Clients } from '../../cli/shared/clients';
import { describeEnvironment } from '../../cli/shared/environment';
import { formatTable } from '../../cli/shared/table';
import { mapConcurrently } from '../../lambda/shared/concurrency';
import { aRelease } from '../lambda/shared/builders';
import {
  asClients,
  awsError,
  environment,
  FakeBucket,
  FakeClient,
  FakeTables,
  fakeCloudFormation,
  OUTPUTS,
} from './fakes';

async function run(line: string | string[], clients: Partial<Record<keyof Clients, FakeClient>> = {}) {
  const [output, errors]: [string[], string[]] = [[], []];
  const exitCode = await runProgram(typeof line === 'string' ? line.split(' ').filter(Boolean) : line, {
    clients: () => asClients({ cloudFormation: fakeCloudFormation(), ...clients }),
    write: (text) => output.push(text),
    writeError: (text) => errors.push(text),
    now: () => new Date('2026-03-02T00:00:00Z'),
    userName: () => 'ann',
  });
  return { exitCode, output: output.join('\n'), errors: errors.join('\n') };
}

/** SageMaker with two model packages, one per page. */
const fakeSageMaker = () =>
  new FakeClient({
    ListModelPackages: ({ ModelPackageGroupName, NextToken }) => {
      expect(ModelPackageGroupName).toBe('kaizen-local-surface');
      const version = NextToken ? 1 : 2;
      return {
        ModelPackageSummaryList: [
          {
            ModelPackageVersion: version,
            ModelPackageArn: `arn:package/${version}`,
            ModelApprovalStatus: 'PendingManualApproval',
          },
        ],
        NextToken: NextToken ? undefined : 'more',
      };
    },
    UpdateModelPackage: () => ({}),
  });

describe('arguments', () => {
  test.each<[string, RegExp]>([
    ['frobnicate', /unknown command 'frobnicate'/],
    ['status --fast', /unknown option '--fast'/],
    ['status now', /too many arguments/],
    ['--env mars status', /'mars' is invalid. Allowed choices are local, dev, prod/],
    ['approve', /missing required argument 'version'/],
    ['approve one', /'one' is invalid.*whole number of at least 1/],
    ['approve 0', /whole number of at least 1/],
    ['approve 1.5', /whole number of at least 1/],
    ['approve 1e3', /whole number of at least 1/],
    ['reject -1', /whole number of at least 1/],
    ['captures --limit zero', /whole number of at least 1/],
    ['label', /give either <captureId> <class> or --file/],
    ['label c1', /give either <captureId> <class> or --file/],
    ['label c1 good --file x.csv', /give either <captureId> <class> or --file/],
    ['label --file absent.csv', /'absent.csv' cannot be read/],
    ['device', /Usage: kaizen device/],
    ['device provision line-1 --group canary', /required option '--out <folder>'/],
    ['device provision line-1 --group all --out x', /Allowed choices are canary, stable/],
    ['device provision a/b --group canary --out x', /thing name: must be 1 to 124/],
    ['dataset upload absent', /there is no file or folder 'absent'/],
    ['redrive absent', /queue: must be one of results, got 'absent'/],
  ])('kaizen %s is exit code 2 and one sentence', async (line, message) => {
    const { exitCode, errors } = await run(line);
    expect(exitCode).toBe(2);
    expect(errors).toMatch(message);
    if (!errors.startsWith('Usage')) expect(errors.trim().split('\n')).toHaveLength(1);
  });

  test('help is no error and needs no credentials', async () => {
    const { exitCode, output } = await run('--help');
    expect(exitCode).toBe(0);
    for (const command of [
      'status',
      'approve',
      'reject',
      'lineage',
      'label',
      'captures',
      'device',
      'dataset',
      'redrive',
    ]) {
      expect(output).toContain(command);
    }
  });

  test('an environment that is not deployed is said to be so', async () => {
    const { exitCode, errors } = await run('--env dev status');
    expect(exitCode).toBe(2);
    expect(errors).toBe(
      "error: environment 'dev' has no output ModelPackageGroupName: are its stacks kaizen-dev-* deployed?",
    );
  });

  test('a fault of AWS is exit code 1 and no stack trace', async () => {
    const cloudFormation = fakeCloudFormation();
    cloudFormation.failures.set('DescribeStacks', [awsError('AccessDenied', 'not for you')]);
    const { exitCode, errors } = await run('status', { cloudFormation });
    expect(exitCode).toBe(1);
    expect(errors).toBe('error: not for you');
  });

  test.each([
    ['Region is missing', 'set AWS_REGION'],
    ['Could not load credentials from any providers', 'sign in to AWS'],
  ])("'%s' says what to set", async (message, advice) => {
    const cloudFormation = fakeCloudFormation();
    cloudFormation.failures.set('DescribeStacks', [new Error(message)]);
    const { exitCode, errors } = await run('status', { cloudFormation });
    expect(exitCode).toBe(1);
    expect(errors).toContain(`error: ${message}: ${advice}`);
  });

  test('the help of a command names the environment too', async () => {
    const { output } = await run('device provision --help');
    expect(output).toContain('--group <wave>');
    expect(output).toContain('--env <name>');
  });
});

test('[D1] names are read from the outputs of the stacks that are there', async () => {
  const found = await describeEnvironment(asClients({ cloudFormation: fakeCloudFormation() }), 'local');
  expect(found.useCase).toBe('surface');
  expect(found.output('LabelTableName')).toBe('labels');
  expect(() => found.output('DashboardName')).toThrow('has no output DashboardName');
});

describe('decisions', () => {
  test.each([
    ['approve', 'Approved'],
    ['reject', 'Rejected'],
  ])('kaizen %s finds the version on any page and keeps the reason', async (command, status) => {
    const sageMaker = fakeSageMaker();
    const { exitCode, output } = await run([command, '1', '--reason', 'looked at it'], { sageMaker });
    expect(exitCode).toBe(0);
    expect(output).toBe(`${status} arn:package/1`);
    expect(sageMaker.calls.at(-1)?.input).toEqual({
      ModelPackageArn: 'arn:package/1',
      ModelApprovalStatus: status,
      ApprovalDescription: 'looked at it',
    });
  });

  test('case 38: a version that is not in the group is refused', async () => {
    const sageMaker = fakeSageMaker();
    const { exitCode, errors } = await run('approve 3', { sageMaker });
    expect(exitCode).toBe(2);
    expect(errors).toContain("model package version: 3 is not in the group 'kaizen-local-surface'");
    expect(sageMaker.names()).not.toContain('UpdateModelPackage');
  });
});

test('status shows releases, waves, champion, devices and episodes', async () => {
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
    ],
  });
  const { exitCode, output } = await run('status', { dynamoDb });
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
      'device  release    health              frames  outbox  seen',
      'line-1  surface-2  unhealthy: disk=97  1000    3       60 s ago',
      '',
      'Episodes',
      'episode              status      opened',
      'surface-1-episode-1  RETRAINING  2026-03-01',
    ].join('\n'),
  );
});

test('[B11] status of an empty registry says none', async () => {
  const { output } = await run('status', { dynamoDb: new FakeTables() });
  expect(output.match(/^none$/gm)).toHaveLength(3);
});

describe('labels on the command line', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaizen-label-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const capture = {
    schemaVersion: 1,
    captureId: 'c1',
    deviceId: 'line-1',
    useCase: 'surface',
    frameId: 'f1',
    releaseId: 'surface-2',
    capturedAt: '2026-03-01T10:00:00.000Z',
    reasons: ['control'],
    inclusionProbability: 0.1,
    sha256: 'c'.repeat(64),
    bytes: 10,
  };
  const clients = () => {
    const s3 = new FakeBucket();
    s3.putJson('captures/surface/line-1/c1.json', capture);
    const dynamoDb = new FakeTables({
      releases: [
        { useCase: 'surface', item: 'champion', counter: 2 },
        { useCase: 'surface', item: 'release#000002', release: JSON.stringify(aRelease()) },
      ],
    });
    return { s3, dynamoDb };
  };

  test('a file of labels is written in the name of the user', async () => {
    const file = join(folder, 'labels.csv');
    writeFileSync(file, 'captureId,class\nc1,scratch\n');
    const fakes = clients();
    const { exitCode, output } = await run(['label', '--file', file], fakes);
    expect([exitCode, output]).toEqual([0, 'Labelled 1 capture']);
    expect(fakes.dynamoDb.items.labels).toMatchObject([
      { captureId: 'c1', label: 'scratch', labelledBy: 'ann' },
    ]);
  });

  test('[S13] a class that the release in service does not know needs --new-class', async () => {
    const fakes = clients();
    const refused = await run('label c1 dent', fakes);
    expect(refused.exitCode).toBe(2);
    expect(refused.errors).toContain("class 'dent' is not one of good, scratch");
    await expect(run('label c1 dent --new-class --by bob', fakes)).resolves.toMatchObject({ exitCode: 0 });
    expect(fakes.dynamoDb.items.labels).toMatchObject([{ label: 'dent', labelledBy: 'bob' }]);
  });

  test('captures are listed for labelling', async () => {
    const { output } = await run('captures --unlabelled', clients());
    expect(output.split('\n')[1]).toMatch(/^c1\s+line-1\s+2026-03-01T10:00:00.000Z\s+none\s+control$/);
  });
});

describe('redrive', () => {
  /** A dead-letter queue whose messages may come back: the consumer still fails. */
  function fakeQueues(count: number, failing = false) {
    const dead = Array.from({ length: count }, (_, index) => ({
      Body: `m${index}`,
      ReceiptHandle: `h${index}`,
    }));
    const sent: string[] = [];
    const sqs = new FakeClient({
      GetQueueAttributes: ({ QueueUrl }) => ({
        Attributes: { QueueArn: `arn:${String(QueueUrl)}`, ApproximateNumberOfMessages: String(dead.length) },
      }),
      StartMessageMoveTask: () => {
        throw awsError('UnsupportedOperation');
      },
      ReceiveMessage: ({ MaxNumberOfMessages }) => ({ Messages: dead.slice(0, MaxNumberOfMessages) }),
      SendMessage: ({ QueueUrl, MessageBody }) => {
        expect(QueueUrl).toBe(OUTPUTS.ResultsQueueUrl);
        sent.push(MessageBody);
        if (failing) dead.push({ Body: MessageBody, ReceiptHandle: `again ${sent.length}` });
        return {};
      },
      DeleteMessage: ({ ReceiptHandle }) => {
        dead.splice(
          dead.findIndex((message) => message.ReceiptHandle === ReceiptHandle),
          1,
        );
        return {};
      },
    });
    return { sqs, dead, sent };
  }

  test('SQS moves the messages, back to the queue that is named', async () => {
    const sqs = new FakeClient({
      GetQueueAttributes: ({ QueueUrl }) => ({
        Attributes: { QueueArn: `arn:${String(QueueUrl)}`, ApproximateNumberOfMessages: '7' },
      }),
      StartMessageMoveTask: () => ({ TaskHandle: 't' }),
    });
    await expect(redriveQueue(asClients({ sqs }), environment, 'results')).resolves.toEqual({
      messages: 7,
      how: 'moved by SQS',
    });
    expect(sqs.calls.at(-1)?.input).toEqual({
      SourceArn: `arn:${OUTPUTS.ResultsDeadLetterQueueUrl}`,
      DestinationArn: `arn:${OUTPUTS.ResultsQueueUrl}`,
    });
  });

  test('where SQS has no such task, every message is received, sent and only then deleted', async () => {
    const { sqs, dead, sent } = fakeQueues(23);
    await expect(redriveQueue(asClients({ sqs }), environment, 'results')).resolves.toEqual({
      messages: 23,
      how: 'received and sent',
    });
    expect(sent).toHaveLength(23);
    expect(dead).toEqual([]);
    expect(sqs.names().indexOf('SendMessage')).toBeLessThan(sqs.names().indexOf('DeleteMessage'));
  });

  test('messages that fail again do not go round for ever', async () => {
    const { sqs, sent } = fakeQueues(5, true);
    await redriveQueue(asClients({ sqs }), environment, 'results');
    expect(sent).toHaveLength(5);
  });

  test('another error of SQS is reported', async () => {
    const { sqs } = fakeQueues(1);
    sqs.failures.set('StartMessageMoveTask', [awsError('AccessDenied')]);
    await expect(redriveQueue(asClients({ sqs }), environment, 'results')).rejects.toThrow('AccessDenied');
  });
});

test('work in parallel keeps its order and its bound, and stops at the first error', async () => {
  let [open, most] = [0, 0];
  const doubled = await mapConcurrently([1, 2, 3, 4, 5, 6], 2, async (value) => {
    most = Math.max(most, ++open);
    await new Promise(setImmediate);
    open--;
    return value * 2;
  });
  expect(doubled).toEqual([2, 4, 6, 8, 10, 12]);
  expect(most).toBe(2);
  const begun: number[] = [];
  const failing = mapConcurrently([1, 2, 3, 4], 1, async (value) => {
    begun.push(value);
    if (value === 2) throw new Error('two');
  });
  await expect(failing).rejects.toThrow('two');
  expect(begun).toEqual([1, 2]);
});

test('a table is aligned, and empty it says so', () => {
  expect(
    formatTable(
      ['a', 'b'],
      [
        ['long', 'x'],
        ['y', ''],
      ],
    ),
  ).toBe('a     b\nlong  x\ny');
  expect(formatTable(['a'], [])).toBe('none');
});
