import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Delivery } from '../delivery-config';
import { PIPELINE_NAME } from '../names';
import { BUILD_ENVIRONMENT, RUNTIMES } from './build-environment';
import { driftCommand, INSTALL } from './delivery-commands';

export interface DriftCheckProps {
  readonly delivery: Delivery;
  /** May assume the lookup roles of the environments. */
  readonly role: iam.IRole;
  readonly encryptionKey: kms.IKey;
  readonly logging: codebuild.LoggingOptions;
  readonly topic: sns.ITopic;
}

/** On a schedule, compares what is deployed with its templates; an alarm says that somebody has changed it by hand. */
export class DriftCheck extends Construct {
  constructor(scope: Construct, id: string, props: DriftCheckProps) {
    super(scope, id);
    const { delivery, topic } = props;
    const project = this.project(props);
    const deadLetterQueue = new sqs.Queue(this, 'DeadLetters', {
      encryptionMasterKey: props.encryptionKey,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const period = Duration.hours(delivery.pipeline.driftCheckHours);
    new events.Rule(this, 'Schedule', {
      description: 'Starts the comparison of what is deployed with its templates',
      schedule: events.Schedule.rate(period),
      targets: [new targets.CodeBuildProject(project, { deadLetterQueue })],
    });
    const alarm = new cloudwatch.Alarm(this, 'Alarm', {
      alarmName: `${PIPELINE_NAME}-drift`,
      alarmDescription:
        'What is deployed is not what its templates say, or could not be compared. Severity: high. See docs/delivery.md#drift',
      metric: project.metricFailedBuilds({ period: Duration.hours(1), statistic: 'Sum' }),
      threshold: 0,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
  }

  private project({ delivery, role, encryptionKey, logging }: DriftCheckProps): codebuild.Project {
    const { repository, branch, stages, pipeline } = delivery;
    const [owner = '', repo = ''] = repository.split('/');
    const project = new codebuild.Project(this, 'Project', {
      description: 'Compares what is deployed with its templates',
      source: codebuild.Source.gitHub({ owner, repo, branchOrRef: branch, webhook: false, cloneDepth: 1 }),
      environment: BUILD_ENVIRONMENT,
      buildSpec: codebuild.BuildSpec.fromObject({
        version: '0.2',
        phases: {
          install: { 'runtime-versions': RUNTIMES, commands: [INSTALL] },
          build: { commands: stages.map(({ config }) => driftCommand(config)) },
        },
      }),
      role,
      encryptionKey,
      logging,
      timeout: Duration.minutes(30),
    });
    // The construct knows credentials of the account only, which somebody would have to import by hand.
    (project.node.defaultChild as codebuild.CfnProject).addPropertyOverride('Source.Auth', {
      Type: 'CODECONNECTIONS',
      Resource: pipeline.connectionArn,
    });
    role.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: [
          'codeconnections:GetConnection',
          'codeconnections:GetConnectionToken',
          'codeconnections:UseConnection',
        ],
        resources: [pipeline.connectionArn],
      }),
    );
    return project;
  }
}
