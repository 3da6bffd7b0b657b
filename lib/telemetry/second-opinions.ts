import { Duration, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../../lambda/shared/names';
import {
  CLASSIFIER_FILE,
  opinionTopic,
  QUESTION_METRICS,
  QUESTION_PARTITIONS,
  QUESTION_RULE_SELECT,
  questionTopic,
  ruleName,
  TELEMETRY_VARIABLES,
  undeliveredQuestionsMetric,
} from '../../lambda/telemetry/names';
import type { ModelRegistry } from '../registry/model-registry';
import type { AppConfig } from '../shared/app-config';
import { functionMetric } from '../shared/function-metric';
import { HandlerFunction } from '../shared/handler-function';
import type { Variables } from '../shared/keyed-table';
import { serviceRole } from '../shared/service-role';
import type { TelemetryStore } from './telemetry-store';

/**
 * Measured with the bundle on Node 20: libvips, ONNX Runtime and MobileNetV2 1.0 (9 MB) take 190 MB at most, 2.0 (35 MB)
 * 305 MB, and a rollout keeps two. The rest is for the processor: Lambda gives a core for 1,769 MB, so more than half of one here.
 */
const MEMORY_MEGABYTES = 1_024;
/** Of the first question after a pause, which loads everything; later ones take less than a second. */
const TIMEOUT = Duration.seconds(30);
/** Lambda's least. A question that has waited for so long is too late by any deadline. */
const OLDEST_QUESTION = Duration.seconds(60);

/** The budget in AWS Budgets, as far as questions ask it. */
export interface QuestionSpending {
  readonly questionVariables: Variables;
  grantRead(grantee: iam.IGrantable): void;
}

export interface SecondOpinionsProps {
  readonly config: AppConfig;
  readonly settings: NonNullable<AppConfig['secondOpinion']>;
  readonly encryptionKey: kms.IKey;
  readonly store: TelemetryStore;
  readonly registry: ModelRegistry;
  /** @default - only the day's questions bound what they cost */
  readonly spending?: QuestionSpending | undefined;
}

/**
 * Answers what devices ask about frames that go to review. Nothing waits for it and nothing depends on it: a question that
 * it does not answer in time leaves the part with a person. So there is no queue and no dead-letter queue, which would keep
 * images of questions that nobody waits for any more.
 */
export class SecondOpinions extends Construct {
  readonly function: lambda.Function;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: SecondOpinionsProps,
  ) {
    super(scope, id);
    this.function = this.answerFunction(props);
    this.grant(props);
    this.rule(props);
  }

  /** @param name of {@link QUESTION_METRICS} */
  metric(
    name: keyof typeof QUESTION_METRICS,
    options: Pick<cloudwatch.MetricOptions, 'period' | 'statistic' | 'label'>,
  ): cloudwatch.Metric {
    return functionMetric(QUESTION_METRICS[name], this.props.config, options);
  }

  private answerFunction({
    settings,
    store,
    registry,
    spending,
    ...shared
  }: SecondOpinionsProps): lambda.Function {
    const { dailyBudget, concurrency } = settings;
    const { function: answer } = new HandlerFunction(this, 'AnswerQuestion', {
      ...shared,
      handler: 'telemetry/answer-question',
      beside: [CLASSIFIER_FILE],
      description: 'A frame for review -> what the larger network says of it',
      // Its native files are those of the machine that builds, and of the jobs that chose its thresholds.
      architecture: 'x86_64',
      environment: {
        ...store.bucketVariable,
        ...store.sketchTableVariable,
        ...store.inventoryTableVariable,
        ...registry.bucketVariable,
        ...registry.releaseTableVariable,
        [TELEMETRY_VARIABLES.dailyQuestions]: String(dailyBudget.environment),
        [TELEMETRY_VARIABLES.dailyDeviceQuestions]: String(dailyBudget.device),
        ...spending?.questionVariables,
      },
      timeout: TIMEOUT,
      memorySize: MEMORY_MEGABYTES,
      reservedConcurrentExecutions: concurrency,
    });
    answer.configureAsyncInvoke({ maxEventAge: OLDEST_QUESTION, retryAttempts: 0 });
    return answer;
  }

  private grant({ config, store, registry, spending }: SecondOpinionsProps): void {
    registry.releaseTable.grant(this.function, 'dynamodb:GetItem');
    store.inventoryTable.grant(this.function, 'dynamodb:GetItem');
    registry.grantReadModels(this.function);
    store.grantReadQuestions(this.function, config.useCase);
    store.grantCountQuestions(this.function, QUESTION_PARTITIONS);
    spending?.grantRead(this.function);
    this.function.addToRolePolicy(
      new iam.PolicyStatement({
        sid: 'Answer',
        actions: ['iot:Publish'],
        resources: [
          Stack.of(this).formatArn({
            service: 'iot',
            resource: 'topic',
            resourceName: opinionTopic(config, '*'),
          }),
        ],
      }),
    );
  }

  private rule({ config }: SecondOpinionsProps): void {
    const name = ruleName(config, 'questions');
    const ruleArn = Stack.of(this).formatArn({ service: 'iot', resource: 'rule', resourceName: name });
    const role = serviceRole(this, 'RuleRole', 'iot.amazonaws.com', ruleArn);
    role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'CountUndelivered',
        actions: ['cloudwatch:PutMetricData'],
        // The action knows no resource.
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } },
      }),
    );
    const permission = new lambda.CfnPermission(this, 'Invoke', {
      action: 'lambda:InvokeFunction',
      functionName: this.function.functionArn,
      principal: 'iot.amazonaws.com',
      sourceAccount: Stack.of(this).account,
      sourceArn: ruleArn,
    });
    const rule = new iot.CfnTopicRule(this, 'Rule', {
      ruleName: name,
      topicRulePayload: {
        description: `Questions of ${config.useCase}; devices publish to ${questionTopic(config, '+')}`,
        awsIotSqlVersion: '2016-03-23',
        sql: `${QUESTION_RULE_SELECT} FROM '${questionTopic(config, '+')}'`,
        actions: [{ lambda: { functionArn: this.function.functionArn } }],
        // Counted and not kept: it would be an image that nobody waits for.
        errorAction: {
          cloudwatchMetric: {
            metricName: undeliveredQuestionsMetric(config),
            metricNamespace: METRIC_NAMESPACE,
            metricUnit: 'Count',
            metricValue: '1',
            roleArn: role.roleArn,
          },
        },
      },
    });
    rule.node.addDependency(role, permission);
  }
}
