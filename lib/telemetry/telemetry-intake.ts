import { Duration, Stack } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  deviceTopic,
  type MessageKind,
  RULE_SELECT,
  ruleName,
  topicFilter,
} from '../../lambda/telemetry/names';
import type { AppConfig } from '../shared/app-config';
import { WorkQueue } from '../shared/queues';
import { serviceRole } from '../shared/service-role';

/** Timeout of the functions that take from the intake's queues. */
export const INGEST_TIMEOUT = Duration.minutes(1);

/**
 * For how long messages wait for others, so that they share an object and a write. Results are for monitoring, which
 * looks back hours; a rollout waits for the status.
 */
export const BATCHING_WINDOW: Readonly<Record<MessageKind, Duration>> = {
  results: Duration.seconds(60),
  status: Duration.seconds(5),
};

export interface TelemetryIntakeProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
}

/** From the devices' Basic Ingest topics to one queue per kind of message. */
export class TelemetryIntake extends Construct {
  readonly results: WorkQueue;
  readonly status: WorkQueue;

  constructor(scope: Construct, id: string, props: TelemetryIntakeProps) {
    super(scope, id);
    this.results = this.intake('Results', 'results', props);
    this.status = this.intake('Status', 'status', props);
  }

  private intake(id: string, kind: MessageKind, props: TelemetryIntakeProps): WorkQueue {
    const name = ruleName(props.config, kind);
    const filter = topicFilter(props.config, kind);
    const intake = new WorkQueue(this, id, {
      ...props,
      handlerTimeout: INGEST_TIMEOUT,
      batchingWindow: BATCHING_WINDOW[kind],
    });
    const ruleArn = Stack.of(this).formatArn({ service: 'iot', resource: 'rule', resourceName: name });
    const role = serviceRole(this, `${id}RuleRole`, 'iot.amazonaws.com', ruleArn);
    intake.queue.grantSendMessages(role);
    intake.deadLetterQueue.grantSendMessages(role);
    const rule = new iot.CfnTopicRule(this, `${id}Rule`, {
      ruleName: name,
      topicRulePayload: {
        description: `${id} of ${props.config.useCase}; devices publish to ${deviceTopic(props.config, kind, '+')}`,
        awsIotSqlVersion: '2016-03-23',
        // By Basic Ingest the topic's first three levels select the rule, and topic(1) is the use case.
        sql: `${RULE_SELECT} FROM '${filter}'`,
        actions: [sendTo(intake.queue, role)],
        errorAction: sendTo(intake.deadLetterQueue, role),
      },
    });
    // A rule that works before its role may send loses messages.
    rule.node.addDependency(role);
    return intake;
  }
}

function sendTo(queue: sqs.IQueue, role: iam.IRole): iot.CfnTopicRule.ActionProperty {
  return { sqs: { queueUrl: queue.queueUrl, roleArn: role.roleArn, useBase64: false } };
}
