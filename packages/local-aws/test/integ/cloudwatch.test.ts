/** Metrics and alarms of ministack with what cloudwatch/ adds, driven by the SDK's clients. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { CreateQueueCommand, PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describeAlarmsAsOf } from '../../cloudwatch/describe-alarms';
import { type Ministack, startMinistack } from '../../launcher/ministack';
import { PYTHON } from '../python';

const MINUTE = 60_000;
const NAMESPACE = 'Test';

let folder: string;
let ministack: Ministack;
let cloudWatch: CloudWatchClient;
const config = () => ({
  endpoint: ministack.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

async function start(alarmSeconds: string): Promise<Ministack> {
  return startMinistack({
    workDirectory: folder,
    python: PYTHON,
    environment: { LOCAL_AWS_ALARM_SECONDS: alarmSeconds },
    onCrash: console.error,
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'local-aws-cloudwatch-'));
  ministack = await start('0');
  cloudWatch = new CloudWatchClient(config());
});

afterAll(async () => {
  cloudWatch?.destroy();
  await ministack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const dimensionsOf = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([Name, Value]) => ({ Name, Value }));

async function putAlarm(AlarmName: string, changes: Partial<PutMetricAlarmCommandInput> = {}): Promise<void> {
  await cloudWatch.send(
    new PutMetricAlarmCommand({
      AlarmName,
      Namespace: NAMESPACE,
      MetricName: AlarmName,
      Statistic: 'Maximum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 10,
      ComparisonOperator: 'GreaterThanThreshold',
      ...changes,
    }),
  );
}

/** Values of a metric, one a minute, the last one in the minute that ends at `until`; null for a minute without. */
async function putValues(
  MetricName: string,
  until: Date,
  values: readonly (number | null)[],
  dimensions: Readonly<Record<string, string>> = {},
): Promise<void> {
  const MetricData = values.flatMap((Value, index) => {
    const Timestamp = new Date(until.getTime() - (values.length - index - 0.5) * MINUTE);
    return Value === null ? [] : [{ MetricName, Timestamp, Value, Dimensions: dimensionsOf(dimensions) }];
  });
  await cloudWatch.send(new PutMetricDataCommand({ Namespace: NAMESPACE, MetricData }));
}

async function stateAsOf(name: string, asOf: Date): Promise<string | undefined> {
  const alarms = await describeAlarmsAsOf(config(), asOf);
  return alarms.find(({ AlarmName }) => AlarmName === name)?.StateValue;
}

const NOON = new Date(Math.floor(Date.now() / MINUTE) * MINUTE - 60 * MINUTE);

test('C5: an alarm sees the metric of exactly its dimensions, and no other', async () => {
  await putAlarm('dimensions', { Dimensions: dimensionsOf({ useCase: 'surface' }) });
  await putValues('dimensions', NOON, [11], { useCase: 'surface', service: 'ingest' });
  await putValues('dimensions', NOON, [11], { useCase: 'other' });
  await putValues('dimensions', NOON, [11]);
  expect(await stateAsOf('dimensions', NOON)).toBe('INSUFFICIENT_DATA');
  await putValues('dimensions', NOON, [11], { useCase: 'surface' });
  expect(await stateAsOf('dimensions', NOON)).toBe('ALARM');
});

test('M of N periods must breach, and periods end when the alarm is evaluated', async () => {
  await putAlarm('m-of-n', { EvaluationPeriods: 3, DatapointsToAlarm: 2 });
  await putValues('m-of-n', NOON, [1, 11, 1, 11, 11, 1, 1, 1]);
  const minute = (index: number) => new Date(NOON.getTime() + (index - 8) * MINUTE);
  const states = [];
  for (const index of [2, 3, 4, 5, 6, 7, 8]) states.push(await stateAsOf('m-of-n', minute(index)));
  expect(states).toEqual(['OK', 'OK', 'ALARM', 'ALARM', 'ALARM', 'OK', 'OK']);
});

test.each([
  ['missing', 'INSUFFICIENT_DATA'],
  ['ignore', 'ALARM'],
  ['breaching', 'ALARM'],
  ['notBreaching', 'OK'],
] as const)('silence of a metric treated as %s is %s', async (TreatMissingData, expected) => {
  const name = `silent-${TreatMissingData}`;
  await putAlarm(name, { TreatMissingData });
  await putValues(name, NOON, [11]);
  expect(await stateAsOf(name, NOON)).toBe('ALARM');
  // Within the evaluation range the last data point is evaluated again.
  expect(await stateAsOf(name, new Date(NOON.getTime() + 2 * MINUTE))).toBe('ALARM');
  expect(await stateAsOf(name, new Date(NOON.getTime() + 10 * MINUTE))).toBe(expected);
});

test('nothing is evaluated when a metric is put, and a change of state is told once', async () => {
  await putAlarm('history');
  await putValues('history', NOON, [11]);
  const before = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: ['history'] }));
  expect(before.MetricAlarms?.[0]?.StateValue).toBe('INSUFFICIENT_DATA');
  for (const _ of [1, 2, 3]) await stateAsOf('history', NOON);
  const { AlarmHistoryItems = [] } = await cloudWatch.send(
    new DescribeAlarmHistoryCommand({ AlarmName: 'history', HistoryItemType: 'StateUpdate' }),
  );
  expect(AlarmHistoryItems[0]?.HistorySummary).toBe('Alarm updated from INSUFFICIENT_DATA to ALARM');
  // The other one is its creation.
  expect(AlarmHistoryItems).toHaveLength(2);
  const { newState } = JSON.parse(AlarmHistoryItems[0]?.HistoryData ?? '{}');
  expect(newState.stateReason).toMatch(/^Threshold Crossed: 1 out of the last 1 datapoints \[11\.0 \(/);
});

test('a queue reports its messages, and the age of the oldest only while it has one', async () => {
  const sqs = new SQSClient(config());
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'jobs' }));
  const ofQueue = { Namespace: 'AWS/SQS', Dimensions: dimensionsOf({ QueueName: 'jobs' }) };
  await putAlarm('waiting', {
    ...ofQueue,
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Threshold: 0,
  });
  await putAlarm('old', { ...ofQueue, MetricName: 'ApproximateAgeOfOldestMessage', Threshold: 900 });
  const states = async (minutes: number) => {
    const alarms = await describeAlarmsAsOf(config(), new Date(Date.now() + minutes * MINUTE));
    return ['waiting', 'old'].map((name) => alarms.find(({ AlarmName }) => AlarmName === name)?.StateValue);
  };
  expect(await states(1)).toEqual(['OK', 'INSUFFICIENT_DATA']);
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a job' }));
  expect(await states(10)).toEqual(['ALARM', 'OK']);
  expect(await states(20)).toEqual(['ALARM', 'ALARM']);
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  expect(await states(30)).toEqual(['OK', 'INSUFFICIENT_DATA']);
  sqs.destroy();
});

test.each<[string, Partial<PutMetricAlarmCommandInput>]>([
  ['Metrics', { Metrics: [{ Id: 'e', Expression: 'm / 2' }], MetricName: undefined, Namespace: undefined }],
  ['ComparisonOperator LessThanLowerThreshold', { ComparisonOperator: 'LessThanLowerThreshold' }],
  ['ExtendedStatistic tm99', { ExtendedStatistic: 'tm99', Statistic: undefined }],
])('an alarm on %s is refused and not evaluated as something else', async (what, changes) => {
  await expect(putAlarm('refused', changes)).rejects.toThrow(
    `the local CloudWatch does not evaluate ${what}`,
  );
});

test('left alone, it evaluates by itself', async () => {
  const alone = await start('0.2');
  const client = new CloudWatchClient({ ...config(), endpoint: alone.url });
  try {
    await client.send(
      new PutMetricAlarmCommand({
        AlarmName: 'by-itself',
        Namespace: NAMESPACE,
        MetricName: 'by-itself',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 0,
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    );
    await client.send(
      new PutMetricDataCommand({ Namespace: NAMESPACE, MetricData: [{ MetricName: 'by-itself', Value: 1 }] }),
    );
    let state: string | undefined;
    while (state !== 'ALARM') {
      await sleep(100);
      const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: ['by-itself'] }));
      state = MetricAlarms?.[0]?.StateValue;
    }
  } finally {
    client.destroy();
    await alone.stop();
  }
});
