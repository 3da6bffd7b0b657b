/** Environment variables and metrics of the monitoring function, shared with the CDK code. */

export const MONITORING_VARIABLES = {
  /** Least number of valid results before drift is judged at all. Default 200. */
  minimumResults: 'DRIFT_MINIMUM_RESULTS',
  /** Population stability index of an image statistic or the confidence above which it has drifted. Default 0.25. */
  featureLimit: 'DRIFT_FEATURE_LIMIT',
  /** The same for the mix of predicted classes. Default 0.5: the line's mix is not the dataset's mix. */
  classMixLimit: 'DRIFT_CLASS_MIX_LIMIT',
  /** Probability of a false alarm that is accepted per evaluation, over all features. Default 0.001. */
  falseAlarmProbability: 'DRIFT_FALSE_ALARM_PROBABILITY',
  /** Results of the last so many hours are compared. Default 24. */
  driftLookbackHours: 'DRIFT_LOOKBACK_HOURS',
  /** Labels of frames of the last so many hours estimate the accuracy. Default 168. */
  accuracyLookbackHours: 'ACCURACY_LOOKBACK_HOURS',
  /** How far the accuracy in the field may lie below the test split's. Default 0.05. */
  accuracyDropLimit: 'ACCURACY_DROP_LIMIT',
  /** Least effective number of labels before the accuracy is judged. Default 20. */
  minimumEffectiveLabels: 'ACCURACY_MINIMUM_EFFECTIVE_LABELS',
  /** For at most so many devices, the worst first, metrics are emitted. Default 100. */
  deviceMetricLimit: 'DEVICE_METRIC_LIMIT',
} as const;

/**
 * Metrics. `Drift` has the dimensions `useCase, feature`; the others `useCase`. All of them are also emitted with
 * `releaseId` added, and `Drift`, `Accuracy` and `Results` with `deviceId` added.
 */
export const MONITORING_METRICS = {
  results: 'Results',
  uncertainRate: 'UncertainRate',
  invalidRate: 'InvalidRate',
  offlineRate: 'OfflineRate',
  drift: 'Drift',
  accuracy: 'Accuracy',
  accuracyLowerBound: 'AccuracyLowerBound',
  accuracyUpperBound: 'AccuracyUpperBound',
  effectiveLabels: 'EffectiveLabels',
  shadowDisagreementRate: 'ShadowDisagreementRate',
  latencyP50: 'LatencyP50',
  latencyP99: 'LatencyP99',
  openEpisodes: 'OpenEpisodes',
} as const;

/** Values of the dimension `feature`. */
export const DRIFT_FEATURES = ['confidence', 'brightness', 'contrast', 'sharpness', 'classMix'] as const;
