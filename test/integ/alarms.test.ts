/**
 * Every alarm of the stacks goes off by what it is there for, calls whom it should, and ends: in a CloudWatch that
 * evaluates as AWS's does, under the policies of the templates. The clock is the test's: each alarm has a day of its own.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ministack, startMinistack } from '@kaizen-edge/local-aws';
import { AlarmWatch } from '../../demo/alarms/alarm-watch';
import { METRIC_NAMESPACE } from '../../lambda/shared/names';
import { buildAll } from '../../scripts/build-handlers';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';
import { Field } from '../infrastructure/handler-scenarios';
import { type Resource, synthesizedApp } from '../infrastructure/synthesized-app';
import removeTemporaryFolder, { makeTemporaryFolder } from '../infrastructure/temporary-folder';
import { atTime } from '../lambda/shared/frozen-clock';
import { metricsOfLine } from '../lambda/shared/metric-lines';
import { DeployedAlarms } from './deployed-alarms';
import { startWebhook, type Webhook } from './webhook';

jest.setTimeout(120_000);

const DAY = 24 * 3_600_000;
/** As AWS has it, with the topic closed to plaintext. */
const ENVIRONMENT = 'dev';
const PREFIX = `kaizen-${ENVIRONMENT}-`;
const REPLAY = 'replay';
/** Nobody evaluates anything here: its silence is the alarm. */
const SILENT = 'drift-not-evaluated';

type Alarm = Resource['Properties'];

let folder: string;
let ministack: Ministack;
let deployed: DeployedAlarms;
/** What the real handlers write. */
let log: string[];
let webhook: Webhook;

beforeAll(async () => {
  await buildAll();
  makeTemporaryFolder();
  folder = mkdtempSync(join(tmpdir(), 'kaizen-alarms-'));
  ministack = await startMinistack({
    ...LOCAL_AWS_SETTINGS,
    workDirectory: folder,
    environment: { LOCAL_AWS_ALARM_SECONDS: '0' },
    onCrash: (message) => {
      throw new Error(message);
    },
  });
  const app = synthesizedApp(ENVIRONMENT);
  log = await atTime('2026-03-02T00:00:00Z', async () => {
    const cloud = await new Field(app).play();
    cloud.functions.restore();
    return cloud.log;
  });
  webhook = await startWebhook();
  deployed = new DeployedAlarms(app, ministack, webhook.url);
  await deployed.create();
  await webhook.confirmed;
  await deployed.createFunction(REPLAY);
});

afterAll(async () => {
  deployed?.destroy();
  await webhook?.stop();
  await ministack?.stop();
  removeTemporaryFolder();
});

/** @throws Error when no stack has it */
const alarmOf = (heading: string): Alarm => {
  const alarm = deployed.alarms().find(({ AlarmName }) => AlarmName === `${PREFIX}${heading}`);
  if (!alarm) throw new Error(`the stacks have no alarm ${PREFIX}${heading}`);
  return alarm;
};
const dimension = ({ Dimensions }: Alarm): string => Dimensions[0].Value;
const breaching = ({ Threshold, ComparisonOperator }: Alarm): number =>
  ComparisonOperator.startsWith('Less') ? Threshold / 2 : Threshold + 1;

/** The handlers' lines of one metric, as they would be at another time with another value. */
function linesOf(metric: string, at: Date, value: number): string[] {
  return log
    .filter((line) => metricsOfLine(line).some(({ name }) => name === metric))
    .map((line) => {
      const { _aws, ...members } = JSON.parse(line);
      const [directive] = _aws.CloudWatchMetrics;
      const Metrics = directive.Metrics.filter(({ Name }: { Name: string }) => Name === metric);
      const metadata = { Timestamp: at.getTime(), CloudWatchMetrics: [{ ...directive, Metrics }] };
      return JSON.stringify({ ...members, _aws: metadata, [metric]: value });
    });
}

/** How a condition comes about in the minute before `asOf`, and what ends it, if anything has to. */
interface Cause {
  begin(alarm: Alarm, asOf: Date): Promise<unknown>;
  end?(alarm: Alarm): Promise<unknown>;
}

const before = (asOf: Date) => new Date(asOf.getTime() - 30_000);
/** A message lies in the queue; in a quarter of an hour it is an old one. */
const MESSAGE: Cause = {
  begin: (alarm) => deployed.sendMessage(dimension(alarm)),
  end: (alarm) => deployed.purge(dimension(alarm)),
};
/** What a function of ours writes to its log. */
const LINES: Cause = {
  begin: async (alarm, asOf) => {
    const lines = linesOf(alarm.MetricName, before(asOf), breaching(alarm));
    if (lines.length === 0) throw new Error(`no handler writes ${alarm.MetricName}`);
    await deployed.log(REPLAY, lines);
  },
};
const FAILED_EXECUTION: Cause = { begin: (alarm) => deployed.failExecution(dimension(alarm)) };
/** A service's own metric; that it writes it is shown where it lives. Of another day than what ministack's clock counts. */
const METRIC: Cause = {
  begin: (alarm, asOf) => deployed.putMetric(alarm, before(asOf), breaching(alarm)),
};

/** By heading. Days in the future where the queues count, the day itself where ministack's clock does. */
const CAUSES: Readonly<Record<string, { readonly day: number; readonly cause: Cause }>> = {
  'rollout-failed': { day: 0, cause: FAILED_EXECUTION },
  'manifests-dead-letters': { day: 1, cause: MESSAGE },
  'build-release-dead-letters': { day: 2, cause: MESSAGE },
  'rollout-dead-letters': { day: 3, cause: MESSAGE },
  'results-dead-letters': { day: 4, cause: MESSAGE },
  'status-dead-letters': { day: 5, cause: MESSAGE },
  'evaluate-drift-dead-letters': { day: 6, cause: MESSAGE },
  'start-retraining-dead-letters': { day: 7, cause: MESSAGE },
  'results-backlog': { day: 8, cause: MESSAGE },
  'pipeline-failed': { day: -1, cause: METRIC },
  'accuracy-low': { day: -2, cause: LINES },
  'invalid-rate-high': { day: -3, cause: LINES },
  'drift-episode-open': { day: -4, cause: LINES },
  'telemetry-refused': { day: -5, cause: LINES },
  'records-dropped-on-device': { day: -6, cause: LINES },
  'retraining-budget-exhausted': { day: -7, cause: LINES },
  'rollout-aborted': { day: -8, cause: METRIC },
  'devices-silent': { day: -9, cause: LINES },
  'rollouts-not-swept': { day: -10, cause: METRIC },
  'escapes-high': { day: -11, cause: LINES },
};
/** Seconds from now, so that what ministack measures by its own clock lies in the minute before. */
const onDay = (day: number) => new Date(Date.now() + 5000 + day * DAY);
const silent = `${PREFIX}${SILENT}`;

test('no alarm is left out', () => {
  const names = deployed.alarms().map(({ AlarmName }) => AlarmName.slice(PREFIX.length));
  expect(names.sort()).toEqual([...Object.keys(CAUSES), SILENT].sort());
});

test(`C4: ${SILENT} goes off where nobody evaluates, calls once, and ends with an evaluation`, async () => {
  expect(await deployed.ringing(onDay(0))).toEqual([silent]);
  expect(await deployed.ringing(onDay(0))).toEqual([silent]);
  expect(await deployed.calls()).toEqual([`${silent} ALARM`]);
  while (webhook.alarms.length === 0) await sleep(50);
  expect(webhook.alarms).toEqual([silent]);
  const evaluate = dimension(alarmOf(SILENT));
  await deployed.createFunction(evaluate);
  await deployed.log(evaluate, []);
  expect(await deployed.ringing(onDay(0))).toEqual([]);
  // Three periods later it is silent again, and stays so for the rest of this file.
  expect(await deployed.ringing(onDay(0.5))).toEqual([silent]);
  expect(await deployed.calls()).toEqual([`${silent} ALARM`]);
});

test('the watch of the demo accounts for them, and fails for one that nothing explains and one that is silent', async () => {
  const rung: string[] = [];
  const watch = () =>
    new AlarmWatch({
      clients: deployed.clients,
      environment: { name: ENVIRONMENT, output: () => deployed.topicArn },
      onRing: (what) => rung.push(what),
      onEnd: (what) => rung.push(what),
    });
  const onCall = watch();
  await onCall.start((error) => {
    throw error;
  });
  onCall.expect(SILENT, 0, 'nobody evaluates here');
  await deployed.log(dimension(alarmOf(SILENT)), []);
  expect(await deployed.ringing(onDay(0))).toEqual([]);
  expect(await deployed.ringing(onDay(0.5))).toEqual([silent]);
  await onCall.hears(SILENT, new AbortController().signal);
  const account = await onCall.account();
  await onCall.stop();
  expect(account.map(({ heading, because }) => `${heading}: ${because}`)).toEqual(
    Array(3).fill(`${SILENT}: nobody evaluates here`),
  );
  // The first two went off before it was subscribed.
  expect(account.map(({ calledAt }) => calledAt !== null)).toEqual([false, false, true]);
  expect(rung[0]).toBe(`${SILENT} goes off: Nobody compares the field with the baseline.`);
  expect(rung.filter((what) => what === `${SILENT} ends`)).toHaveLength(2);
  onCall.expect('accuracy-low', 0, 'the labels are bad');
  await expect(onCall.account()).rejects.toThrow(
    'alarm accuracy-low did not go off, although the labels are bad',
  );
  await expect(watch().account()).rejects.toThrow(
    `alarm ${SILENT} went off, and nothing that happened explains it: Threshold Crossed: no datapoints`,
  );
  expect(await deployed.calls()).toEqual([`${silent} ALARM`]);
});

/** What is wrong with an alarm that its cause should set off: a sentence; undefined when nothing is. */
async function problemOf(heading: string): Promise<string | undefined> {
  const alarm = alarmOf(heading);
  const { day, cause } = CAUSES[heading] as (typeof CAUSES)[string];
  const name = `${PREFIX}${heading}`;
  const asOf = onDay(day);
  await cause.begin(alarm, asOf);
  const ringing = await deployed.ringing(onDay(day));
  const calls = await deployed.calls();
  await cause.end?.(alarm);
  if (!ringing.includes(name)) {
    const dimensions = alarm.Dimensions.map(({ Name, Value }: Alarm) => `${Name}=${Value}`).join(',');
    return `${name} is silent: nothing writes ${alarm.Namespace}/${alarm.MetricName}{${dimensions}}`;
  }
  const expected = alarm.AlarmActions ? [`${name} ALARM`] : [];
  const heard = calls.filter((call) => !call.startsWith(silent));
  if (heard.join() !== expected.join()) {
    return `${name} is mute: heard [${heard}], ${await deployed.lastAction(name)}`;
  }
  const wrong = ringing.filter((other) => other !== name && other !== silent);
  return wrong.length > 0 ? `${name} sets off ${wrong}` : undefined;
}

test.each(Object.keys(CAUSES))('C4, C5: %s goes off, calls whom it should, and ends', async (heading) => {
  const { day } = CAUSES[heading] as (typeof CAUSES)[string];
  expect(await deployed.ringing(onDay(day - 0.4))).not.toContain(`${PREFIX}${heading}`);
  expect(await problemOf(heading)).toBeUndefined();
  expect(await deployed.ringing(onDay(day + 0.4))).toEqual([silent]);
});

/** Statements that are left of a policy. */
const withoutStatements = (policy: Alarm, isTaken: (statement: Alarm) => boolean): Alarm => ({
  ...policy,
  Statement: policy.Statement.filter((statement: Alarm) => !isTaken(statement)),
});

test("planted C4: a topic's policy with the Deny alone makes alarms mute, each with its sentence", async () => {
  await deployed.change((type, properties) =>
    type === 'AWS::SNS::TopicPolicy'
      ? {
          ...properties,
          PolicyDocument: withoutStatements(properties.PolicyDocument, ({ Effect }) => Effect === 'Allow'),
        }
      : properties,
  );
  for (const heading of ['manifests-dead-letters', 'accuracy-low']) {
    expect(await problemOf(heading)).toMatch(
      new RegExp(
        `^${PREFIX}${heading} is mute: heard \\[\\], Failed to execute action arn:aws:sns:\\S+\\. Received error: ` +
          '"CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: arn:aws:sns:',
      ),
    );
    await deployed.ringing(onDay((CAUSES[heading]?.day ?? 0) + 0.4));
  }
});

test('planted C4: a key that CloudWatch may not use makes alarms mute', async () => {
  await deployed.change((type, properties) =>
    type === 'AWS::KMS::Key'
      ? {
          ...properties,
          KeyPolicy: withoutStatements(properties.KeyPolicy, ({ Sid }) => Sid === 'ServicesSendEncrypted'),
        }
      : properties,
  );
  expect(await problemOf('manifests-dead-letters')).toContain(
    'CloudWatch Alarms does not have authorization to access the SNS topic encryption key.',
  );
});

test('planted C5: with the dimension that no function writes, alarms are silent, and it is said of which metric', async () => {
  await deployed.change((type, properties) =>
    type === 'AWS::CloudWatch::Alarm' && properties.Namespace === METRIC_NAMESPACE
      ? { ...properties, Dimensions: [{ Name: 'service', Value: 'kaizen' }, ...properties.Dimensions] }
      : properties,
  );
  const { useCase } = synthesizedApp(ENVIRONMENT).config;
  for (const [heading, { cause }] of Object.entries(CAUSES)) {
    if (cause !== LINES) continue;
    const { MetricName } = alarmOf(heading);
    expect(await problemOf(heading)).toBe(
      `${PREFIX}${heading} is silent: nothing writes ${METRIC_NAMESPACE}/${MetricName}{service=kaizen,environment=${ENVIRONMENT},useCase=${useCase}}`,
    );
  }
});
