/**
 * Who is on call: a queue that is subscribed to the alarm topic, and a look at the history of every alarm. What an alarm
 * does is noted while it happens; whether it should have is judged at the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { paginateDescribeAlarmHistory, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { DeleteMessageCommand, GetQueueUrlCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { KaizenEnvironment } from '../../cli/shared/environment';
import { alarmName } from '../../lambda/monitoring/names';
import type { DemoClients } from '../clients';
import type { ReportData } from '../report/report-data';
import { waitFor } from '../waiting';
import {
  type AlarmState,
  arrivalOf,
  type Expectation,
  expectationOf,
  problemsOf,
  ringsOf,
  type Transition,
} from './rings';

const ROUND_MILLISECONDS = 1000;
/** Two evaluations of drift, and slack. */
const RING_TIMEOUT_SECONDS = 150;

/** A stack of the onlooker's own: the application is not touched. */
function pagerTemplate(pager: string, topicArn: string): string {
  const queue = { Type: 'AWS::SQS::Queue', Properties: { QueueName: pager } };
  const Statement = {
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: { 'Fn::GetAtt': ['Pager', 'Arn'] },
    Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
  };
  return JSON.stringify({
    Resources: {
      Pager: queue,
      MayCall: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [{ Ref: 'Pager' }],
          PolicyDocument: { Version: '2012-10-17', Statement: [Statement] },
        },
      },
      Subscription: {
        Type: 'AWS::SNS::Subscription',
        Properties: { TopicArn: topicArn, Protocol: 'sqs', Endpoint: { 'Fn::GetAtt': ['Pager', 'Arn'] } },
      },
    },
  });
}

interface Described {
  readonly sentence: string;
  readonly severity: 'high' | 'low';
}

/** An alarm that has been deleted since it went off. */
const UNKNOWN: Described = { sentence: '', severity: 'low' };

export interface AlarmWatchOptions {
  readonly clients: Pick<DemoClients, 'cloudFormation' | 'cloudWatch' | 'sqs'>;
  readonly environment: Pick<KaizenEnvironment, 'name' | 'output'>;
  readonly onRing: (what: string, reason: string) => void;
  readonly onEnd: (what: string) => void;
}

export class AlarmWatch {
  private running: Promise<void> | undefined;
  private readonly abort = new AbortController();
  private readonly alarms = new Map<string, Described>();
  private readonly expectations: Expectation[] = [];
  private transitions: Transition[] = [];
  /** `<heading> <state>` -> when the messages about it arrived, milliseconds since the epoch. */
  private readonly calls = new Map<string, number[]>();
  private subscribedAt = Number.POSITIVE_INFINITY;
  private readonly prefix: string;
  /** Names its stack and its queue. */
  private readonly pager: string;

  constructor(private readonly options: AlarmWatchOptions) {
    this.prefix = alarmName({ environmentName: options.environment.name }, '');
    this.pager = `${options.environment.name}-demo-pager`;
  }

  /** Subscribes, and begins to look. */
  async start(onError: (error: Error) => void): Promise<void> {
    await this.subscribe();
    await this.describeAlarms();
    this.running = this.work().catch((error: Error) => {
      if (!this.abort.signal.aborted) onError(error);
    });
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.running;
  }

  /** Says that an alarm has a reason to go off from `since` on, and has to. */
  expect(heading: string, since: number, because: string): void {
    if (!this.alarms.has(heading)) throw new Error(`there is no alarm ${this.prefix}${heading}`);
    this.expectations.push({ heading, since, because });
  }

  /** Says that an alarm has a reason to go off from `since` on, and may. */
  allow(heading: string, since: number, because: string): void {
    this.expectations.push({ heading, since, because, isOptional: true });
  }

  /** Waits until it has gone off for what is expected; it may have ended since. */
  async hears(heading: string, signal: AbortSignal): Promise<void> {
    const expected = this.expectations.filter((expectation) => expectation.heading === heading);
    const isHeard = () => ringsOf(this.transitions).some((ring) => expectationOf(ring, expected));
    const what = `alarm ${heading} to go off`;
    await waitFor({ what, timeoutSeconds: RING_TIMEOUT_SECONDS, signal }, async () => isHeard() || undefined);
  }

  /** For the report. @throws Error saying which alarm went off for nothing, did not go off, or called nobody */
  async account(): Promise<ReportData['alarms']> {
    await this.look();
    await this.answerCalls();
    const rings = ringsOf(this.transitions);
    const alarms = rings.map((ring) => {
      const { sentence, severity } = this.alarms.get(ring.heading) ?? UNKNOWN;
      const calls = this.calls.get(`${ring.heading} ALARM`) ?? [];
      const calledAt = arrivalOf(ring, rings, calls) ?? null;
      const because = expectationOf(ring, this.expectations)?.because ?? '';
      return { ...ring, until: ring.until ?? null, sentence, severity, because, calledAt };
    });
    const mute = alarms
      .filter(({ from, severity, calledAt }) =>
        severity === 'high' ? calledAt === null && from > this.subscribedAt : calledAt !== null,
      )
      .map(({ heading, severity }) =>
        severity === 'high'
          ? `alarm ${heading} went off and its message did not arrive`
          : `alarm ${heading} is a low one and called somebody`,
      );
    const problems = [...problemsOf(rings, this.expectations), ...mute];
    if (problems.length > 0) throw new Error(problems.join('; '));
    return alarms;
  }

  private async subscribe(): Promise<void> {
    const { clients, environment } = this.options;
    const TemplateBody = pagerTemplate(this.pager, environment.output('AlarmTopicArn'));
    const client = clients.cloudFormation;
    await client.send(new CreateStackCommand({ StackName: this.pager, TemplateBody }));
    await waitUntilStackCreateComplete(
      { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
      { StackName: this.pager },
    );
    this.subscribedAt = Date.now();
  }

  private async describeAlarms(): Promise<void> {
    const client = this.options.clients.cloudWatch;
    for await (const page of paginateDescribeAlarms({ client }, { AlarmNamePrefix: this.prefix })) {
      for (const { AlarmName = '', AlarmDescription = '' } of page.MetricAlarms ?? []) {
        const [sentence = '', severity] = AlarmDescription.split(/ Severity: (high|low)\./);
        const described = { sentence, severity: severity === 'high' ? 'high' : 'low' } as const;
        this.alarms.set(AlarmName.slice(this.prefix.length), described);
      }
    }
  }

  private async work(): Promise<void> {
    for (;;) {
      await this.look();
      await sleep(ROUND_MILLISECONDS, undefined, { signal: this.abort.signal });
    }
  }

  private async look(): Promise<void> {
    const before = ringsOf(this.transitions);
    this.transitions = await this.history();
    ringsOf(this.transitions).forEach(({ heading, until, reason }, index) => {
      const { onRing, onEnd } = this.options;
      const known = before[index];
      if (!known) onRing(`${heading} goes off: ${this.alarms.get(heading)?.sentence}`, reason);
      if (until !== undefined && known?.until === undefined) onEnd(`${heading} ends`);
    });
    // After the history: whatever it tells of has been sent by now.
    await this.answerCalls();
  }

  private async history(): Promise<Transition[]> {
    const client = this.options.clients.cloudWatch;
    const found: Transition[] = [];
    const query = { HistoryItemType: 'StateUpdate', ScanBy: 'TimestampAscending' } as const;
    for await (const page of paginateDescribeAlarmHistory({ client }, query)) {
      for (const { AlarmName = '', Timestamp, HistoryData = '{}' } of page.AlarmHistoryItems ?? []) {
        if (!AlarmName.startsWith(this.prefix)) continue;
        const { newState } = JSON.parse(HistoryData) as {
          readonly newState: { readonly stateValue: AlarmState; readonly stateReason: string };
        };
        found.push({
          heading: AlarmName.slice(this.prefix.length),
          at: Timestamp?.getTime() ?? Number.NaN,
          state: newState.stateValue,
          reason: newState.stateReason,
        });
      }
    }
    return found;
  }

  private async answerCalls(): Promise<void> {
    const client = this.options.clients.sqs;
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: this.pager }));
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    for (const { Body = '{}', ReceiptHandle } of Messages) {
      const { AlarmName, NewStateValue } = JSON.parse(JSON.parse(Body).Message) as {
        readonly AlarmName: string;
        readonly NewStateValue: AlarmState;
      };
      const call = `${AlarmName.slice(this.prefix.length)} ${NewStateValue}`;
      this.calls.set(call, [...(this.calls.get(call) ?? []), Date.now()]);
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}
