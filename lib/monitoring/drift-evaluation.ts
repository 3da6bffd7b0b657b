import { Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  DRIFT_FEATURES,
  EMBEDDING_FEATURE,
  MONITORING_METRICS,
  MONITORING_VARIABLES,
} from '../../lambda/monitoring/names';
import type { DatasetStore } from '../dataset/dataset-store';
import type { ModelRegistry } from '../registry/model-registry';
import type { AppConfig } from '../shared/app-config';
import { functionMetric } from '../shared/function-metric';
import { HandlerFunction } from '../shared/handler-function';
import { grantPutOwnEvents } from '../shared/own-events';
import type { TelemetryStore } from '../telemetry/telemetry-store';
import type { EpisodeTable } from './episode-table';

const MINUTES_PER_HOUR = 60;

export interface DriftEvaluationProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly dataset: DatasetStore;
  readonly registry: ModelRegistry;
  readonly telemetry: TelemetryStore;
  readonly episodeTable: EpisodeTable;
}

/** What the one who asks may say of a metric; each has its own period and statistic otherwise. */
type MetricOptions = Pick<cloudwatch.MetricOptions, 'statistic'>;

/** Compares the field with the release's baseline on a schedule, and opens an episode when they part. */
export class DriftEvaluation extends Construct {
  readonly function: lambda.IFunction;
  readonly deadLetterQueue: sqs.IQueue;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: DriftEvaluationProps,
  ) {
    super(scope, id);
    const { monitoring } = props.config;
    const evaluate = new HandlerFunction(this, 'EvaluateDrift', {
      ...props,
      handler: 'monitoring/evaluate-drift',
      description: 'Drift and accuracy of the release in service, from sketches and labels',
      environment: {
        ...props.registry.releaseTableVariable,
        ...props.dataset.labelTableVariable,
        ...props.telemetry.sketchTableVariable,
        ...props.telemetry.inventoryTableVariable,
        ...props.telemetry.uploadPolicyVariable,
        ...props.episodeTable.variable,
        [MONITORING_VARIABLES.minimumResults]: String(monitoring.minimumResults),
        [MONITORING_VARIABLES.featureLimit]: String(monitoring.driftThreshold),
        [MONITORING_VARIABLES.classMixLimit]: String(monitoring.classMixThreshold),
        ...(monitoring.embeddingThreshold !== undefined && {
          [MONITORING_VARIABLES.embeddingLimit]: String(monitoring.embeddingThreshold),
        }),
        [MONITORING_VARIABLES.driftLookbackHours]: String(monitoring.windowMinutes / MINUTES_PER_HOUR),
        [MONITORING_VARIABLES.accuracyLookbackHours]: String(
          monitoring.labelWindowMinutes / MINUTES_PER_HOUR,
        ),
        [MONITORING_VARIABLES.accuracyDropLimit]: String(monitoring.maximumAccuracyDrop),
        [MONITORING_VARIABLES.minimumEffectiveLabels]: String(monitoring.minimumLabels),
      },
      timeout: Duration.minutes(5),
      memorySize: 1024,
      asynchronous: true,
    });
    props.registry.releaseTable.grantReadData(evaluate.function);
    props.dataset.labelTable.grantReadData(evaluate.function);
    props.telemetry.sketchTable.grantReadData(evaluate.function);
    props.telemetry.inventoryTable.grantReadData(evaluate.function);
    props.episodeTable.grantReadWriteData(evaluate.function);
    grantPutOwnEvents(evaluate.function, props.config);
    this.function = evaluate.function;
    this.deadLetterQueue = evaluate.requireDeadLetterQueue();
    new events.Rule(this, 'Schedule', {
      description: 'Evaluates drift',
      schedule: events.Schedule.rate(Duration.minutes(monitoring.scheduleMinutes)),
      targets: [
        new targets.LambdaFunction(evaluate.function, { deadLetterQueue: evaluate.requireDeadLetterQueue() }),
      ],
    });
  }

  /** One of the metrics of an evaluation, by its name in the table of them. */
  metric(
    name: Exclude<keyof typeof MONITORING_METRICS, 'drift'>,
    options: MetricOptions = {},
  ): cloudwatch.Metric {
    const { config } = this.props;
    return functionMetric(MONITORING_METRICS[name], config, { ...options, period: this.period });
  }

  metricAccuracy(options?: MetricOptions): cloudwatch.Metric {
    return this.metric('accuracy', options);
  }

  /** What the escape rate is at least. */
  metricEscapes(options?: MetricOptions): cloudwatch.Metric {
    return this.metric('escapeRateLowerBound', options);
  }

  metricInvalidRate(options?: MetricOptions): cloudwatch.Metric {
    return this.metric('invalidRate', options);
  }

  metricOpenEpisodes(): cloudwatch.Metric {
    return this.metric('openEpisodes');
  }

  metricSilentDevices(): cloudwatch.Metric {
    return this.metric('silentDevices');
  }

  /** Population stability index of every feature, labelled with its name. */
  metricsDrift(): cloudwatch.Metric[] {
    return DRIFT_FEATURES.map((feature) => this.metricDrift(feature));
  }

  /** Squared shift of what the classifier reads. */
  metricEmbedding(): cloudwatch.Metric {
    return this.metricDrift(EMBEDDING_FEATURE);
  }

  /** Evaluations that were begun; the Lambda service writes it. */
  metricEvaluations(): cloudwatch.Metric {
    return this.function.metricInvocations({ period: this.period, statistic: 'Sum' });
  }

  private metricDrift(feature: string): cloudwatch.Metric {
    const { environmentName, useCase } = this.props.config;
    return functionMetric(
      MONITORING_METRICS.drift,
      { environmentName, useCase, feature },
      { period: this.period, label: feature },
    );
  }

  /** One value of each metric per evaluation. */
  private get period(): Duration {
    return Duration.minutes(this.props.config.monitoring.scheduleMinutes);
  }
}
