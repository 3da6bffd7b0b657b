/** Names of monitoring: its alarms and dashboard, the episode table, variables, events, metrics. */
import { counted, environmentPrefix, type MetricDefinition, type NameScope } from '../shared/names';

export const dashboardName = (scope: Pick<NameScope, 'environmentName'>): string => environmentPrefix(scope);
/** @param heading of the alarm's entry in docs/runbook.md */
export const alarmName = (scope: Pick<NameScope, 'environmentName'>, heading: string): string =>
  `${environmentPrefix(scope)}-${heading}`;

/** Sort key of the item that points to the episode that is not closed yet. */
export const OPEN_EPISODE_ITEM = 'open';

/** Partition key of the field baselines of a use case, which no use case's name can be. */
export const fieldBaselinePartition = (useCase: string): string => `${useCase}#field-baselines`;
/** Partition key of what was last said of each release of a use case. */
export const assessmentPartition = (useCase: string): string => `${useCase}#assessments`;

/** Detail types of its events. */
export const MONITORING_EVENTS = {
  driftDetected: 'Drift Detected',
} as const;

export const MONITORING_VARIABLES = {
  episodeTable: 'EPISODE_TABLE',
  /** Least number of valid results before drift is assessed at all. Default 200. */
  minimumResults: 'DRIFT_MINIMUM_RESULTS',
  /** Population stability index of an image statistic or the confidence above which it has drifted. Default 0.25. */
  featureLimit: 'DRIFT_FEATURE_LIMIT',
  /** The same for the mix of predicted classes. Default 0.5: the line's mix is not the dataset's mix. */
  classMixLimit: 'DRIFT_CLASS_MIX_LIMIT',
  /** Squared shift of what the classifier reads above which it has drifted. Default 0.36. */
  embeddingLimit: 'DRIFT_EMBEDDING_LIMIT',
  /** Probability of a false alarm that is accepted per evaluation, over all features. Default 0.001. */
  falseAlarmProbability: 'DRIFT_FALSE_ALARM_PROBABILITY',
  /** Results of the last so many hours are compared. Default 24. */
  driftLookbackHours: 'DRIFT_LOOKBACK_HOURS',
  /** Labels of frames of the last so many hours estimate the accuracy. Default 168. */
  accuracyLookbackHours: 'ACCURACY_LOOKBACK_HOURS',
  /** How far the accuracy in the field may lie below the test split's. Default 0.05. */
  accuracyDropLimit: 'ACCURACY_DROP_LIMIT',
  /** Least effective number of labels before the accuracy is assessed. Default 20. */
  minimumEffectiveLabels: 'ACCURACY_MINIMUM_EFFECTIVE_LABELS',
  /** For at most so many devices, the worst first, metrics are emitted; each costs eight by the month. Default 0. */
  deviceMetricLimit: 'DEVICE_METRIC_LIMIT',
} as const;

/** Values of the dimension `feature`: what is compared as a distribution. */
export const DRIFT_FEATURES = ['confidence', 'brightness', 'contrast', 'sharpness', 'classMix'] as const;
/** One more: where the embeddings of frames lie, which is what the classifier reads of them. */
export const EMBEDDING_FEATURE = 'embedding';

/**
 * Squared shift, in variances of the validation split, above which the embeddings have drifted. On rendered frames it lies
 * between changes that cost nothing and those that cost (`npm run bench -- drift`).
 */
export const USUAL_EMBEDDING_LIMIT = 0.36;

/** A metric per use case that is measured anew by every evaluation. */
const measured = (name: string, unit: MetricDefinition['unit'] = 'None'): MetricDefinition<'useCase'> => ({
  name,
  unit,
  statistic: 'Average',
  dimensions: ['useCase'],
});

export const MONITORING_METRICS = {
  results: counted('Results'),
  uncertainRate: measured('UncertainRate'),
  invalidRate: measured('InvalidRate'),
  offlineRate: measured('OfflineRate'),
  /** Population stability index of one feature; of the embedding, its squared shift, or on the same scale that of a class that has moved. */
  drift: { name: 'Drift', unit: 'None', statistic: 'Maximum', dimensions: ['useCase', 'feature'] },
  accuracy: measured('Accuracy'),
  accuracyLowerBound: measured('AccuracyLowerBound'),
  accuracyUpperBound: measured('AccuracyUpperBound'),
  /** By the confidence, without labels, where the field is what was validated; no value elsewhere. */
  estimatedAccuracy: measured('EstimatedAccuracy'),
  effectiveLabels: measured('EffectiveLabels', 'Count'),
  /** Defective parts that pass, as a share of defective parts, by labels of control captures. */
  escapeRate: measured('EscapeRate'),
  escapeRateLowerBound: measured('EscapeRateLowerBound'),
  escapeRateUpperBound: measured('EscapeRateUpperBound'),
  /** Good parts that are taken out, as a share of good parts, by the same labels. */
  falseRejectRate: measured('FalseRejectRate'),
  falseRejectRateLowerBound: measured('FalseRejectRateLowerBound'),
  falseRejectRateUpperBound: measured('FalseRejectRateUpperBound'),
  shadowDisagreementRate: measured('ShadowDisagreementRate'),
  latencyP50: measured('LatencyP50', 'Milliseconds'),
  latencyP99: measured('LatencyP99', 'Milliseconds'),
  openEpisodes: { ...counted('OpenEpisodes'), statistic: 'Maximum' },
  /** Devices of which no status comes although none of them was told to stop. */
  silentDevices: { ...counted('SilentDevices'), statistic: 'Maximum' },
} as const satisfies Record<string, MetricDefinition>;

/** What the metrics are also written by, for who looks closer; alarms and dashboard ask for none of these. */
export type CloserLook = 'releaseId' | 'deviceId';

/** The same metric for one release, or for one device. */
export const closer = <Dimension extends string>(
  metric: MetricDefinition<Dimension>,
  by: CloserLook,
): MetricDefinition<Dimension | CloserLook> => ({ ...metric, dimensions: [...metric.dimensions, by] });
