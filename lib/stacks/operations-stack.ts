import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Alarms } from '../monitoring/alarms';
import { Dashboard } from '../monitoring/dashboard';
import { DriftEvaluation } from '../monitoring/drift-evaluation';
import { CostBudget } from '../retraining/cost-budget';
import { RetrainingPolicy } from '../retraining/retraining-policy';
import type { AppConfig } from '../shared/app-config';
import { stackProps } from '../shared/stack-props';
import { SecondOpinions } from '../telemetry/second-opinions';
import { TelemetryIngest } from '../telemetry/telemetry-ingest';
import type { DataStack } from './data-stack';
import type { FleetStack } from './fleet-stack';
import type { TrainingStack } from './training-stack';

export interface OperationsStackProps {
  readonly data: DataStack;
  readonly training: TrainingStack;
  readonly fleet: FleetStack;
}

/** What watches the field, and closes the loop. */
export class OperationsStack extends Stack {
  constructor(scope: Construct, config: AppConfig, { data, training, fleet }: OperationsStackProps) {
    super(scope, 'Operations', stackProps(config, 'operations', 'Telemetry, monitoring, retraining, alarms'));
    const shared = { config, encryptionKey: data.encryptionKey };
    const stores = { dataset: data.dataset, registry: data.registry, episodeTable: data.episodeTable };
    const ingest = new TelemetryIngest(this, 'Telemetry', {
      ...shared,
      intake: fleet.intake,
      store: data.telemetry,
      registry: data.registry,
    });
    const drift = new DriftEvaluation(this, 'Monitoring', {
      ...shared,
      ...stores,
      telemetry: data.telemetry,
    });
    const budget = config.budget && new CostBudget(this, 'Budget', { config, budget: config.budget });
    const opinions =
      config.secondOpinion &&
      new SecondOpinions(this, 'SecondOpinions', {
        ...shared,
        settings: config.secondOpinion,
        store: data.telemetry,
        registry: data.registry,
        spending: budget,
      });
    const retraining = new RetrainingPolicy(this, 'Retraining', {
      ...shared,
      ...stores,
      pipelineName: training.pipeline.pipelineName,
      mergeCaptures: training.captureMerge.function,
      budget,
    });
    const alarms = new Alarms(this, 'Alarms', {
      ...shared,
      deadLetterQueues: {
        manifests: data.dataset.manifestQueue.deadLetterQueue,
        'build-release': training.releaseBuilder.deadLetterQueue,
        rollout: fleet.rollout.deadLetterQueue,
        results: fleet.intake.results.deadLetterQueue,
        status: fleet.intake.status.deadLetterQueue,
        'evaluate-drift': drift.deadLetterQueue,
        'start-retraining': retraining.deadLetterQueue,
      },
      pipeline: training.pipeline,
      rollout: fleet.rollout,
      intake: fleet.intake,
      ingest,
      evaluation: drift,
      retraining,
      opinions,
    });
    budget?.announceTo(alarms.topic);
    budget?.stopJobsOf(training.pipeline.role, alarms.topic);
    const dashboard = new Dashboard(this, 'Overview', {
      config,
      alarms: alarms.all,
      evaluation: drift,
      opinions,
    });
    for (const [id, value] of Object.entries({
      EvaluateDriftFunctionName: drift.function.functionName,
      StartRetrainingFunctionName: retraining.function.functionName,
      DashboardName: dashboard.name,
      AlarmTopicArn: alarms.topic.topicArn,
      IngestResultsFunctionName: ingest.ingestResults.functionName,
      ...(opinions && { AnswerQuestionFunctionName: opinions.function.functionName }),
    })) {
      new CfnOutput(this, id, { value });
    }
  }
}
