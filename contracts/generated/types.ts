/* Generated from contracts/schemas by scripts/generate-contracts.ts. Do not edit. */

/**
 * What the line does with the part: let it pass, take it out, or show it to a person.
 */
export type Disposition = 'pass' | 'reject' | 'review';
/**
 * One camera. Fields of other types are ignored, because a deployment can add fields to a configuration but not take them out.
 */
export type CameraConfiguration = {
  /**
   * socket: a camera process on this device; folder: images moved into a folder; http-snapshot: one GET per frame; http-mjpeg: one long answer (multipart/x-mixed-replace); rtsp, v4l2: a child process, ffmpeg or GStreamer, that must be installed on the device.
   */
  type: 'socket' | 'folder' | 'http-snapshot' | 'http-mjpeg' | 'rtsp' | 'v4l2';
  /**
   * Unix socket or folder; relative to the component's work folder.
   */
  path?: string;
  /**
   * Address of a network camera. User and password in it never appear in logs or status.
   */
  url?: string;
  /**
   * PEM file on the device, relative to the component's work folder: the authorities that sign the certificate of an https camera, or the certificate itself. Default: the authorities of Node.js. Refused for rtsps, whose programs would not check it.
   */
  caFile?: string;
  /**
   * SHA-256 fingerprint of the certificate of an https camera, hexadecimal, with or without colons. No other is accepted, and this one whoever has signed it, whatever its name and dates. Refused for rtsps, whose programs would not check it.
   */
  certificateSha256?: string;
  /**
   * Video device, such as /dev/video0.
   */
  device?: string;
  /**
   * Frames asked of a snapshot camera or child process.
   */
  framesPerSecond?: number;
  /**
   * Child process of rtsp and v4l2.
   */
  program?: 'ffmpeg' | 'gstreamer';
  /**
   * Without a frame for this long the camera counts as stalled.
   */
  stallSeconds?: number;
  /**
   * After this many frames with the same bytes the camera counts as frozen. 0: never.
   */
  frozenFrames?: number;
};
/**
 * What the line does with the part: let it pass, take it out, or show it to a person.
 */
export type Disposition1 = 'pass' | 'reject' | 'review';
/**
 * What the line does with the part: let it pass, take it out, or show it to a person.
 */
export type Disposition2 = 'pass' | 'reject' | 'review';
/**
 * What the line does with the part: let it pass, take it out, or show it to a person.
 */
export type Disposition3 = 'pass' | 'reject' | 'review';
/**
 * What the line does with the part: let it pass, take it out, or show it to a person.
 */
export type Disposition4 = 'pass' | 'reject' | 'review';
/**
 * What the line does with the part: let it pass, take it out, or show it to a person.
 */
export type Disposition5 = 'pass' | 'reject' | 'review';
/**
 * What the line does with the part: let it pass, take it out, or show it to a person.
 */
export type Disposition6 = 'pass' | 'reject' | 'review';

export interface Contracts {
  'app-config': AppConfig;
  capture: Capture;
  'command-error': CommandError;
  'component-configuration': ComponentConfiguration;
  'compressed-results-batch': CompressedResultsBatch;
  'configuration-document': ConfigurationDocument;
  'dataset-item': DatasetItem;
  'dataset-report': DatasetReport;
  'delivery-config': DeliveryConfig;
  'device-status': DeviceStatus;
  'evaluation-report': EvaluationReport;
  'exported-model': ExportedModel;
  'gate-report': GateReport;
  histogram: Histogram;
  'image-policy': ImagePolicy;
  'inference-result': InferenceResult;
  label: Label;
  release: Release;
  'release-offer': ReleaseOffer;
  'release-verdict': ReleaseVerdict;
  'results-batch': ResultsBatch;
  'results-confirmation': ResultsConfirmation;
  'script-check': ScriptCheck;
  'second-opinion-answer': SecondOpinionAnswer;
  'second-opinion-question': SecondOpinionQuestion;
  'signed-release': SignedRelease;
  sketch: Sketch;
  'trusted-keys': TrustedKeys;
}
/**
 * Every value by which one environment differs from another: config/<environment>.ts.
 */
export interface AppConfig {
  /**
   * Part of the name of everything that has one in the account, and the name of the configuration's file. Several environments may share an account and region.
   */
  environmentName: string;
  account: string;
  region: string;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * What becomes of a part, signed in every release that is made from now on. A part whose class is uncertain, or whose frame is invalid, always goes to a person.
   */
  dispositionPolicy: {
    classes: {
      [k: string]: Disposition;
    };
    /**
     * Of classes that controllers already know by a number, and of an environment whose table is new while its devices are not. Other classes get the next free code. A code that was given out cannot be changed here.
     */
    codes?: {
      /**
       * Number of a class of a use case, for controllers. Once given it never means another class, and the class never gets another.
       */
      [k: string]: number;
    };
    /**
     * Of classes that are not listed, such as one that is labelled for the first time. Such a class never passes.
     */
    otherwise: 'reject' | 'review';
    /**
     * Share of good parts on the line, its yield. A dataset has another: thresholds are corrected for it.
     */
    goodShare: number;
    /**
     * In any unit, the same for all. Thresholds are chosen so that a part costs least.
     */
    costs: {
      /**
       * A defective part that passes.
       */
      escape: number;
      /**
       * A good part that is taken out.
       */
      falseReject: number;
      /**
       * A part that a person looks at.
       */
      review: number;
    };
    /**
     * What the gate holds a model to, on the test split, with 95 % confidence: a small split has to show more than a large one.
     */
    limits: {
      /**
       * Of defective parts.
       */
      escapeRate: number;
      /**
       * Of good parts.
       */
      falseRejectRate: number;
    };
    /**
     * Of frames that lie where the release was hardly validated: review costs people's time where light and optics change harmlessly; as-classified lets defects pass where they change otherwise.
     */
    novel: 'review' | 'as-classified';
    /**
     * Share of the unchanged line's parts that the graph's score of novelty may call novel: its limit is chosen so on the validation split. Image statistics call up to 3 % more.
     */
    noveltyBudget?: number;
    /**
     * Of frames of which another release, that answers beside the one in service before or after a switch, says with certainty that something else is to become of the part: review costs people's time for as long as two releases run side by side.
     */
    contradicted?: 'review' | 'as-classified';
    /**
     * How far an operator may move the thresholds of passing classes at run time (`kaizen operating-point`), signed in every release that is trained from now on. Down to where escapes on the validation split would exceed limits.escapeRate. Absent: they may not be moved.
     */
    operatingRange?: {
      /**
       * Up to where more than this share of good parts of the validation split would go to a person.
       */
      reviewRate: number;
    };
  };
  imagePolicy?: ImagePolicy;
  /**
   * What devices send to review is first answered by the larger network of training.cloudVariant, in a function. Left out: nobody is asked, and there is no such function.
   */
  secondOpinion?: {
    /**
     * From when the frame came. What is not answered by then stays review; so does what the controller has stopped showing (`decisionOutput.holdMilliseconds`).
     */
    deadlineMilliseconds: number;
    /**
     * Signed in every release: whether a part may pass on a second opinion. false: it can only take a part out, or leave it to a person.
     */
    mayPass: boolean;
    /**
     * Questions that are answered on one UTC day.
     */
    dailyBudget: {
      /**
       * Of all devices together.
       */
      environment: number;
      /**
       * Of each device: one that asks about everything leaves the others theirs.
       */
      device: number;
    };
    /**
     * Questions that are answered at a time, reserved of the account's concurrency. What comes beyond waits, and is too late soon.
     */
    concurrency: number;
    /**
     * Questions that may wait for their answer at a time. Their results wait with them, in memory.
     */
    maximumInFlight?: number;
    /**
     * More frames for review than these are not asked about.
     */
    questionsPerMinute?: number;
    /**
     * Images up to this size go in the message, larger ones by way of S3.
     */
    inlineBytes?: number;
  };
  /**
   * What becomes of buckets, tables and keys when their stack is deleted. retain also turns on termination protection.
   */
  removal: 'destroy' | 'retain';
  /**
   * What may be spent in a calendar month (AWS Budgets). Left out: only retraining.maximumExecutionsPerMonth bounds the loop.
   */
  budget?: {
    monthlyUsd: number;
    /**
     * account: everything that the account pays for. environment: what has the tags of the environment's stacks; messages of AWS IoT and data transfer have none, and the account's cost allocation tags must be active.
     */
    counts: 'account' | 'environment';
    /**
     * Of monthlyUsd, spent: no further question is answered this month. Required where secondOpinion is configured; below retrainingStopsAtPercent.
     */
    secondOpinionsStopAtPercent?: number;
    /**
     * Of monthlyUsd, spent: the loop starts no further retraining this month.
     */
    retrainingStopsAtPercent: number;
    /**
     * Of monthlyUsd, spent: the pipeline's role may start no job, whoever starts the pipeline.
     */
    trainingStopsAtPercent: number;
  };
  /**
   * default: deploy through the CDK bootstrap roles; cli-credentials: with the caller's own (the local AWS).
   */
  synthesizer: 'default' | 'cli-credentials';
  /**
   * tls-only: buckets, queues and topics refuse requests without TLS; any: for the local AWS, which speaks HTTP on the loopback interface.
   */
  transport: 'tls-only' | 'any';
  lambda: {
    architecture: 'arm64' | 'x86_64';
    /**
     * The values that CloudWatch Logs accepts.
     */
    logRetentionDays:
      1 | 3 | 5 | 7 | 14 | 30 | 60 | 90 | 120 | 150 | 180 | 365 | 400 | 545 | 731 | 1827 | 3653;
  };
  training: {
    /**
     * Container image with its tag, of every job and of the registered package.
     */
    image: string;
    /**
     * The training script, a file below training/scripts, with its path from training/.
     */
    script?: string;
    instanceType: string;
    /**
     * Hosts of the Train step.
     */
    instanceCount: number;
    volumeGigabytes: number;
    /**
     * Longest run of one job.
     */
    timeoutMinutes: number;
    /**
     * KMS key of the jobs' volumes. Left out: SageMaker's own. Instance types with local storage take none.
     */
    volumeKeyArn?: string;
    /**
     * For accounts whose policies demand it. Left out: jobs run in SageMaker's network and install packages from its index.
     */
    network?: {
      /**
       * Jobs run without a network and without credentials (EnableNetworkIsolation), with packages that come with their code.
       */
      isolation?: {
        /**
         * Version of Python in the image, for which packages are downloaded.
         */
        python: '3.11' | '3.12' | '3.13';
      };
      /**
       * Where the jobs' network interfaces are (VpcConfig). Its endpoint of S3 must reach the buckets.
       */
      vpc?: {
        /**
         * @minItems 1
         * @maxItems 16
         */
        subnets: string[];
        /**
         * @minItems 1
         * @maxItems 5
         */
        securityGroupIds: string[];
      };
    };
    /**
     * Trains on spot capacity, which costs up to 90 % less and may be taken back: the job then goes on from its checkpoint. Left out: on demand.
     */
    spot?: {
      /**
       * Longest time from the job's creation to its end, waiting for capacity included; at least timeoutMinutes.
       */
      maximumWaitMinutes: number;
    };
    epochs: number;
    learningRate: number;
    widthMultiplier: number;
    seed: number;
    minimumAccuracy: number;
    /**
     * Largest fall in recall of any class against the champion. Up to twice as much is excused where chance alone explains it; 0.1 suits 40 test images of each class, 0.05 suits 200 (docs/adr/0013, docs/adr/0063).
     */
    maximumRecallDrop: number;
    /**
     * Largest fall in accuracy by quantisation.
     */
    maximumInt8Drop: number;
    /**
     * Devices of the same strength: which variants they are offered, and what a model may cost there. Together they cover registry.architectures, each architecture once.
     */
    hardwareClasses: {
      [k: string]: {
        /**
         * @minItems 1
         */
        architectures: ('linux-x64' | 'linux-arm64')[];
        /**
         * A device serves the fastest of them that is right on it.
         *
         * @minItems 1
         */
        precisions: ('fp32' | 'int8')[];
        /**
         * Of the file of each variant that is offered.
         */
        maximumModelBytes: number;
        /**
         * For one image.
         */
        maximumMultiplyAccumulates: number;
        /**
         * Time of one image by the fastest variant that is offered / time of a reference network of 38 million multiply-accumulates (training/kaizen_training/compute_cost.py), side by side on the machine that exports.
         */
        maximumLatencyRatio: number;
      };
    };
    /**
     * Hyperparameters of your own script, by name; Train gives them beside the built-in ones (docs/training-scripts.md), whose names they must not have. Also entry_style and hyperparameter_types of the contract. Left out: none.
     */
    hyperparameters?: {
      /**
       * The script gets it as the type that it has here.
       */
      [k: string]: number | boolean | string;
    };
    /**
     * Trains a second, larger network in the same execution, for the second opinion in the cloud. Absent: none; it about doubles the cost of training.
     */
    cloudVariant?: {
      widthMultiplier: number;
    };
    retry: {
      maximumAttempts: number;
      intervalSeconds: number;
      backoffRate: number;
    };
    /**
     * Searches hyperparameters in a Tune step instead of one Train step, and goes on with the best trial's model. One Train step when absent.
     */
    tuning?: {
      /**
       * Bayesian: each trial is chosen by the results of those before it.
       */
      strategy: 'Random' | 'Bayesian';
      /**
       * Trials: training jobs of one search.
       */
      maximumJobs: number;
      /**
       * Trials at a time. A Bayesian search learns more from few at a time.
       */
      parallelJobs: number;
      /**
       * Auto: a trial that falls behind the median of those before it is stopped.
       */
      earlyStopping: 'Auto' | 'Off';
      objective: {
        /**
         * Name of the metric.
         */
        metric: string;
        /**
         * Finds its value in a line of the training log, as the first group.
         */
        regex: string;
        goal: 'Maximize' | 'Minimize';
      };
      /**
       * Hyperparameter of the script -> where its values are looked for; the others keep their configured values.
       */
      ranges: {
        [k: string]:
          | {
              type: 'Continuous';
              minimum: number;
              maximum: number;
              scaling: 'Linear' | 'Logarithmic';
            }
          | {
              type: 'Integer';
              minimum: number;
              maximum: number;
              scaling: 'Linear' | 'Logarithmic';
            }
          | {
              type: 'Categorical';
              /**
               * @minItems 1
               * @maxItems 30
               */
              values: string[];
            };
      };
    };
  };
  registry: {
    /**
     * A person approves every model package; nothing approves itself.
     */
    approval: 'manual';
    /**
     * After this a device refuses to install the release.
     */
    releaseLifetimeDays: number;
    /**
     * @minItems 1
     */
    architectures: ('linux-x64' | 'linux-arm64')[];
  };
  rollout: {
    /**
     * Between two looks at a wave.
     */
    pollSeconds: number;
    /**
     * In the order of deployment: canary, then stable. Each is a thing group.
     *
     * @minItems 2
     * @maxItems 2
     */
    waves: {
      name: 'canary' | 'stable';
      /**
       * Least time in service before the wave is judged.
       */
      bakeSeconds: number;
      /**
       * A quorum of the wave's devices must run the release within it.
       */
      installTimeoutSeconds: number;
      /**
       * After the bake: silence for this long is a failure to decide, and rolls back.
       */
      decisionTimeoutSeconds: number;
      /**
       * Least number of results of the wave on which it may be judged. A device counts for at most twice its share.
       */
      minimumResults: number;
      /**
       * Share of the wave's devices without which it does not go on. Those that are away when the time to install is over, or cannot take the release, are set aside by name.
       */
      quorum?: number;
      /**
       * After decisionTimeoutSeconds: for how long the wave waits for labels, where labels are all that is missing.
       */
      labelTimeoutSeconds?: number;
    }[];
    limits: {
      /**
       * Share of shadowed frames on which the new release contradicts the previous one.
       */
      disagreement: number;
      invalidRate: number;
      /**
       * Median latency, new release / previous release.
       */
      latencyRatio: number;
      /**
       * Accuracy on labels, previous release - new release.
       */
      accuracyDrop: number;
      /**
       * Results in a busy window, new release / previous release: less is a failure.
       */
      throughputRatio?: number;
    };
  };
  /**
   * Default configuration of the inference component.
   */
  device: {
    cameras: {
      [k: string]: CameraConfiguration;
    };
    frames?: FramesConfiguration;
    limits: LimitsConfiguration;
    upload: UploadConfiguration;
    outbox: OutboxConfiguration;
    embeddingSums?: EmbeddingSumsConfiguration;
    /**
     * When devices ask which results have been counted, and when they send again what was not confirmed.
     */
    confirmations?: {
      /**
       * How often a message of results asks for one, at most: each costs a message to the device.
       */
      askSeconds?: number;
      /**
       * Results that have not been confirmed for so long are sent again: more than the cloud takes to count them.
       */
      resendSeconds?: number;
    };
    challenger?: ChallengerConfiguration;
    componentUpdate?: ComponentUpdate;
    shadowFrames: number;
    statusIntervalSeconds: number;
  };
  telemetry: {
    /**
     * Width of one sketch. Divides a day.
     */
    sketchWindowSeconds: number;
    /**
     * Days after which S3 deletes results, and records that were rejected. Sketches stay.
     */
    resultDays: number;
    /**
     * Days after which S3 deletes captures. What was labelled and merged into a dataset stays there.
     */
    captureDays: number;
  };
  monitoring: {
    scheduleMinutes: number;
    /**
     * How far back drift is looked for.
     */
    windowMinutes: number;
    /**
     * How far back labels count for the accuracy; they come later than results.
     */
    labelWindowMinutes: number;
    /**
     * Population stability index above which confidence or an image statistic has drifted.
     */
    driftThreshold: number;
    /**
     * The same for the mix of predicted classes: the line's mix is not the dataset's.
     */
    classMixThreshold: number;
    /**
     * Squared shift of what the classifier reads, in variances of the validation split, above which it has drifted; 0.4 of it where one predicted class alone moves the mean of all. Where it is known, it and the confidence alone open an episode.
     */
    embeddingThreshold?: number;
    minimumResults: number;
    /**
     * Least number of labels on which accuracy is judged.
     */
    minimumLabels: number;
    /**
     * Accuracy in the field below which an alarm goes off.
     */
    minimumAccuracy: number;
    /**
     * How far the accuracy in the field may lie below the test split's before it is evidence for retraining.
     */
    maximumAccuracyDrop: number;
    /**
     * Who is told of high alarms.
     *
     * @maxItems 50
     *
     * Items: An e-mail address, or the https URL of a pager. Each has to confirm what SNS sends it first.
     */
    alarmSubscriptions: string[];
  };
  retraining: {
    /**
     * How often an open episode is looked at again: labels come later than drift.
     */
    scheduleMinutes: number;
    minimumNewLabels: number;
    minimumLabelsPerNewClass: number;
    cooldownMinutes: number;
    /**
     * Budget; 0 stops the loop.
     */
    maximumExecutionsPerMonth: number;
  };
}
/**
 * What is made of a camera's frame before a network sees it: the same in Prepare, in the golden samples and on the device, pixel for pixel (docs/image-size.md). Signed with every release, so that a change reaches devices with the next model.
 */
export interface ImagePolicy {
  /**
   * Pixels that the network is given, across.
   */
  width?: number;
  /**
   * Pixels that the network is given, down.
   */
  height?: number;
  /**
   * Where the frame has other proportions. stretch: they are lost; letterbox: all of the frame, between bars of gray; crop: its middle, as much as has the right proportions.
   */
  fit?: 'stretch' | 'letterbox' | 'crop';
  region?: ImageRegion;
  /**
   * gray: the luma of ITU-R BT.601 in all three channels, so that a change of colour changes nothing and every graph takes it.
   */
  colour?: 'rgb' | 'gray';
}
/**
 * Part of the frame that counts, cut out before anything else; all of it when absent. In shares of the frame, so that it stays where it is when a camera delivers more pixels, read to 1/10,000. x + width and y + height are at most 1.
 */
export interface ImageRegion {
  /**
   * Left edge.
   */
  x: number;
  /**
   * Upper edge.
   */
  y: number;
  width: number;
  height: number;
}
/**
 * What happens when frames come faster than they are answered.
 */
export interface FramesConfiguration {
  /**
   * newest: the oldest waiting frame of the same camera gives way; every: the camera is made to wait, and a frame that comes all the same is refused. Either way it is counted.
   */
  policy?: 'newest' | 'every';
  /**
   * Frames of one camera that may wait.
   */
  queueLength?: number;
  /**
   * Time from a frame to its answer. The part has moved on after it: a later answer is for review. Default: holdMilliseconds of the decision output, where there is one; none otherwise.
   */
  deadlineMilliseconds?: number;
}
/**
 * What a frame may cost before it is refused.
 */
export interface LimitsConfiguration {
  /**
   * Width times height, read from the image's header before anything is decoded.
   */
  maximumPixels?: number;
  /**
   * Size of the encoded image.
   */
  maximumFrameBytes?: number;
}
export interface UploadConfiguration {
  /**
   * never: no pixel leaves the device.
   */
  privacy: 'never' | 'selected';
  /**
   * Bytes of captures, images and sidecars, that may leave the device on one UTC day. The last quarter is for the control sample alone, where there is one. Half of what is left of that waits for the next release. Questions for a second opinion have bounds of their own.
   */
  dailyByteBudget: number;
  /**
   * Share of all frames taken at random: the unbiased sample.
   */
  controlSampleProbability: number;
  /**
   * Frames with a confidence below it are candidates.
   */
  uncertaintyThreshold: number;
  /**
   * Share of the candidates that is taken.
   */
  uncertainSampleProbability: number;
  /**
   * Share of the frames about which two releases that run side by side disagree.
   */
  disagreementSampleProbability?: number;
  /**
   * Share of the novel frames: whose score in the graph, or an image statistic, lies outside of what the release was validated on.
   */
  noveltySampleProbability?: number;
}
export interface OutboxConfiguration {
  /**
   * Bytes of results kept on disk while the cloud is out of reach; beyond it the oldest go, and are counted.
   */
  maximumBytes: number;
  /**
   * Most records in one message.
   */
  batchRecords: number;
  /**
   * Longest time that a result waits for others before its message is sent.
   */
  flushMilliseconds: number;
  /**
   * Largest message. AWS IoT meters messages per 5 KB, and nucleus lite takes 10,000 bytes with base64: 5120 fits both.
   */
  messageBytes?: number;
}
/**
 * How often a result carries sums of where the frames of its class lie that came since, for the comparison with the validation split.
 */
export interface EmbeddingSumsConfiguration {
  /**
   * Time between two such results of a predicted class, of 3 frames at least. With more than two classes it is longer by half their number, so that two of them come in it. What has not been told is lost with a restart and with a switch of the release.
   */
  everySeconds?: number;
}
/**
 * A new release answers frames beside the one in service, without effect, before it may replace it.
 */
export interface ChallengerConfiguration {
  /**
   * Frames that it has to answer. 0: it replaces the other at once.
   */
  frames?: number;
  /**
   * Largest share of these frames on which it may answer another class.
   */
  maximumDisagreement?: number;
  /**
   * So many of these frames must have been compared, or it is refused; no more than frames are asked for. 0: a line that stands still lets it in.
   */
  minimumFrames?: number;
  /**
   * How many times as long as the release in service it may take for a frame, by the medians.
   */
  maximumLatencyRatio?: number;
  /**
   * When fewer frames have come by then, those that came decide, if they are minimumFrames. Below the 110 s for which the model component waits.
   */
  timeoutSeconds?: number;
}
/**
 * When a deployment that would restart the component has to wait.
 */
export interface ComponentUpdate {
  /**
   * A batch of parts is over when no frame has come for this long.
   */
  quietSeconds?: number;
  /**
   * After this an update goes ahead although frames still come. 0: never wait.
   */
  longestDeferralSeconds?: number;
}
/**
 * Sidecar of an uploaded image: s3://<telemetry bucket>/captures/<useCase>/<deviceId>/<captureId>.json beside the image <captureId>.jpg. Uploaded after the image, so that a sidecar always has its image.
 */
export interface Capture {
  schemaVersion: 1;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  captureId: string;
  /**
   * AWS IoT thing name. Colon is allowed by AWS IoT but refused here, because it is not safe in file names; 124 bytes is the Greengrass core-device limit.
   */
  deviceId: string;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  frameId: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  releaseId: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  capturedAt: string;
  clock?: RecordClock;
  /**
   * Name of a class that a model can predict: `scratch`, `7`.
   */
  predictedClass?: string;
  confidence?: number;
  disposition?: Disposition1;
  /**
   * Why a certain answer is for review: the frame lies where the release was hardly validated; another release beside it contradicts; the answer came after the part's deadline. The last of these that holds. Absent where the status says why, or the policy of the class.
   */
  reviewReason?: 'novel' | 'contradicted' | 'late';
  /**
   * What another release, which answered the same frame beside, would have made of the part.
   */
  shadow?: {
    /**
     * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
     */
    releaseId: string;
    disposition: Disposition;
  };
  /**
   * What the larger network in the cloud says: a suggestion to who labels, never a label.
   */
  secondOpinion?: {
    /**
     * Name of a class that a model can predict: `scratch`, `7`.
     */
    predictedClass: string;
    confidence: number;
  };
  /**
   * @minItems 1
   */
  reasons: ('uncertainty' | 'disagreement' | 'novelty' | 'control')[];
  /**
   * Probability with which a frame like this one was chosen; weights labels without bias (Horvitz-Thompson).
   */
  inclusionProbability: number;
  /**
   * SHA-256 digest in lower-case hexadecimal.
   */
  sha256: string;
  bytes: number;
}
/**
 * What the times of a record are worth. Absent: the device's clock was set.
 */
export interface RecordClock {
  /**
   * unset: by a clock that nobody had set; corrected: the clock was set since, and the times are what it would have said.
   */
  state: 'unset' | 'corrected';
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  boot?: string;
  /**
   * How long the device had been running at inferredAt, or where there is none at capturedAt, while unset.
   */
  uptimeMilliseconds?: number;
}
/**
 * The last line that a command of `kaizen` writes to its error output with --json, where it does not end with 0.
 */
export interface CommandError {
  error: {
    /**
     * What is wrong, all problems at once.
     */
    message: string;
    /**
     * The next step, where one is known.
     */
    advice?: string;
    /**
     * 1: it failed; 2: the arguments, or what they name, are wrong.
     */
    exitCode: 1 | 2;
  };
}
/**
 * Greengrass configuration of the inference component. Defaults are in the recipe; a deployment merges over them.
 */
export interface ComponentConfiguration {
  /**
   * What the device inspects. Each use case has its own cameras, releases, results and uploads.
   */
  useCases: {
    [k: string]: UseCaseConfiguration;
  };
  /**
   * Bucket for chosen images.
   */
  captureBucket: string;
  /**
   * Greengrass component that offers a document with settings which outgrow a deployment. Without it none is taken.
   */
  configurationComponentName?: string;
  componentUpdate?: ComponentUpdate;
  storage?: Storage;
  trial?: Trial;
  /**
   * How often the status is sent; a change is sent at once.
   */
  statusIntervalSeconds?: number;
  /**
   * Releases that are tried again although they were quarantined, by thing name and envelope digest: the time of the quarantine. Written by `kaizen device lift-quarantine`.
   */
  liftedQuarantines?: {
    [k: string]: {
      /**
       * RFC 3339 timestamp in UTC.
       */
      [k: string]: string;
    };
  };
  /**
   * Thresholds that an operator has moved, by use case and thing name, or * for every device that gets this configuration; of two the later one holds. Written by `kaizen operating-point`.
   */
  operatingPoints?: {
    [k: string]: {
      [k: string]: OperatingPointConfiguration;
    };
  };
  [k: string]: unknown;
}
export interface UseCaseConfiguration {
  /**
   * Greengrass component that offers releases for this use case.
   */
  modelComponentName: string;
  /**
   * MQTT topic of result batches; {thingName} is replaced.
   */
  resultsTopic: string;
  /**
   * MQTT topic of the device's status; {thingName} is replaced.
   */
  statusTopic: string;
  confirmations?: ConfirmationsConfiguration;
  /**
   * Whether the broker keeps the last status. Not possible on Basic Ingest topics ($aws/rules/...); the device's policy must allow iot:RetainPublish on the topic.
   */
  retainStatus?: boolean;
  /**
   * Where frames come from, by camera id.
   */
  cameras: {
    [k: string]: CameraConfiguration;
  };
  frames?: FramesConfiguration1;
  limits?: LimitsConfiguration1;
  upload: UploadConfiguration;
  outbox: OutboxConfiguration;
  embeddingSums?: EmbeddingSumsConfiguration1;
  challenger?: ChallengerConfiguration1;
  shadow?: ShadowConfiguration;
  secondOpinion?: SecondOpinionConfiguration;
  decisionOutput?: DecisionOutputConfiguration;
}
/**
 * The cloud says which results it has counted, and the device keeps them until then. Absent: until the nucleus has taken them, which may lose them with its memory.
 */
export interface ConfirmationsConfiguration {
  /**
   * MQTT topic of the confirmations; {thingName} is replaced.
   */
  topic: string;
  /**
   * How often a message of results asks for one, at most: each costs a message to the device.
   */
  askSeconds?: number;
  /**
   * Results that have not been confirmed for so long are sent again: more than the cloud takes to count them.
   */
  resendSeconds?: number;
}
/**
 * What happens when frames come faster than they are answered.
 */
export interface FramesConfiguration1 {
  /**
   * newest: the oldest waiting frame of the same camera gives way; every: the camera is made to wait, and a frame that comes all the same is refused. Either way it is counted.
   */
  policy?: 'newest' | 'every';
  /**
   * Frames of one camera that may wait.
   */
  queueLength?: number;
  /**
   * Time from a frame to its answer. The part has moved on after it: a later answer is for review. Default: holdMilliseconds of the decision output, where there is one; none otherwise.
   */
  deadlineMilliseconds?: number;
}
/**
 * What a frame may cost before it is refused.
 */
export interface LimitsConfiguration1 {
  /**
   * Width times height, read from the image's header before anything is decoded.
   */
  maximumPixels?: number;
  /**
   * Size of the encoded image.
   */
  maximumFrameBytes?: number;
}
/**
 * How often a result carries sums of where the frames of its class lie that came since, for the comparison with the validation split.
 */
export interface EmbeddingSumsConfiguration1 {
  /**
   * Time between two such results of a predicted class, of 3 frames at least. With more than two classes it is longer by half their number, so that two of them come in it. What has not been told is lost with a restart and with a switch of the release.
   */
  everySeconds?: number;
}
/**
 * A new release answers frames beside the one in service, without effect, before it may replace it.
 */
export interface ChallengerConfiguration1 {
  /**
   * Frames that it has to answer. 0: it replaces the other at once.
   */
  frames?: number;
  /**
   * Largest share of these frames on which it may answer another class.
   */
  maximumDisagreement?: number;
  /**
   * So many of these frames must have been compared, or it is refused; no more than frames are asked for. 0: a line that stands still lets it in.
   */
  minimumFrames?: number;
  /**
   * How many times as long as the release in service it may take for a frame, by the medians.
   */
  maximumLatencyRatio?: number;
  /**
   * When fewer frames have come by then, those that came decide, if they are minimumFrames. Below the 110 s for which the model component waits.
   */
  timeoutSeconds?: number;
}
export interface ShadowConfiguration {
  /**
   * For how many frames after a switch the previous release runs beside the new one.
   */
  frames?: number;
}
/**
 * Frames that go to review are first shown to a larger network in the cloud. Absent: none is. Where `upload.privacy` is never, none is either.
 */
export interface SecondOpinionConfiguration {
  /**
   * MQTT topic of the questions; {thingName} is replaced.
   */
  questionTopic: string;
  /**
   * MQTT topic of the answers; {thingName} is replaced.
   */
  answerTopic: string;
  /**
   * never: no image leaves the device for a second opinion.
   */
  ask?: 'never' | 'review';
  /**
   * From when the frame came. What is not answered by then stays review; so does what the controller has stopped showing (`decisionOutput.holdMilliseconds`).
   */
  deadlineMilliseconds?: number;
  /**
   * Questions that may wait for their answer at a time. Their results wait with them, in memory.
   */
  maximumInFlight?: number;
  /**
   * More frames for review than these are not asked about.
   */
  questionsPerMinute?: number;
  /**
   * Images up to this size go in the message, larger ones by way of S3.
   */
  inlineBytes?: number;
}
/**
 * Writes each decision to a controller on the line.
 */
export interface DecisionOutputConfiguration {
  /**
   * Protocol of the controller.
   */
  type: 'modbus-tcp';
  /**
   * Name or address of the controller.
   */
  host: string;
  /**
   * TCP port of the controller.
   */
  port?: number;
  /**
   * Modbus unit behind a gateway; a controller of its own ignores it.
   */
  unitId?: number;
  /**
   * First of seven holding registers, written together: the disposition (0 none, 0x5555 pass, 0xAAAA reject, 0x3333 review), a count of parts (0..65535, wraps), the code of the class (0 when there is none), the status (0 none, 1 ok, 2 uncertain, 3 invalid), the release's counter (high word, low word), and a beat that grows with every write (0..65535, wraps).
   */
  register: number;
  /**
   * For how long a disposition stays in its register; then it is none again, so that no part passes on the answer of another.
   */
  holdMilliseconds?: number;
}
/**
 * Disk that releases may use.
 */
export interface Storage {
  /**
   * Bytes of all stored releases of one use case: the one in service, the one before and the one that is being installed.
   */
  releaseBytes?: number;
  /**
   * Bytes of the file system that an installation leaves free, for results.
   */
  reserveBytes?: number;
}
/**
 * What a graph may use before it is killed, and refused when it is on trial.
 */
export interface Trial {
  /**
   * Memory of the process of a graph, on trial and in service. Node.js and ONNX Runtime alone take about 91 MB.
   */
  memoryBytes?: number;
  /**
   * Time of one load or one run.
   */
  timeoutMilliseconds?: number;
}
export interface OperatingPointConfiguration {
  /**
   * Model that it was chosen for. Releases of another one have their own thresholds.
   */
  modelPackageVersion: number;
  /**
   * A list, which a deployment replaces as a whole. Empty: those of the release.
   *
   * @maxItems 20
   */
  thresholds: {
    /**
     * Name of a class that a model can predict: `scratch`, `7`.
     */
    class: string;
    threshold: number;
  }[];
  /**
   * RFC 3339 timestamp in UTC.
   */
  at: string;
}
/**
 * A results batch as it travels: version 2, whose records are compressed (contracts/compressed-records.ts). Decompressed it is version 1, contract results-batch, which older devices send.
 */
export interface CompressedResultsBatch {
  schemaVersion: 2;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  batchId: string;
  /**
   * Must equal the thing name in the topic.
   */
  deviceId: string;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  sentAt: string;
  /**
   * Records that the full outbox has dropped since the batch before.
   */
  droppedRecords: number;
  /**
   * Whether the device asks which of its batches have been counted (contract results-confirmation).
   */
  confirm?: boolean;
  /**
   * Of `records`: a JSON array in UTF-8, deflate (RFC 1950), base64.
   */
  encoding: 'deflate';
  /**
   * Decompressed at most 131,072 bytes.
   */
  records: string;
}
/**
 * configuration.json of a configuration component: settings of the inference component that outgrow a recipe and a deployment. What it names replaces what is deployed under that name, as a whole; what it does not name stays as it is deployed.
 */
export interface ConfigurationDocument {
  schemaVersion: 1;
  useCases?: {
    [k: string]: UseCaseConfiguration;
  };
  componentUpdate?: ComponentUpdate;
  storage?: Storage;
  trial?: Trial;
  /**
   * How often the status is sent; a change is sent at once.
   */
  statusIntervalSeconds?: number;
}
/**
 * One line of a dataset manifest (JSON Lines). A manifest is accepted only if every line validates and every digest matches the stored object.
 */
export interface DatasetItem {
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  id: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  groupId: string;
  /**
   * S3 key of the image, relative to the dataset bucket.
   */
  key: string;
  /**
   * SHA-256 digest in lower-case hexadecimal.
   */
  sha256: string;
  /**
   * Name of a class that a model can predict: `scratch`, `7`.
   */
  label: string;
  /**
   * How the item came into the dataset.
   */
  origin: 'rendered' | 'imported' | 'captured';
  /**
   * RFC 3339 timestamp in UTC.
   */
  capturedAt: string;
  /**
   * Assigned by the manifest gate, and absent in an incoming manifest, unless splitGiven is there.
   */
  split?: 'train' | 'validation' | 'test';
  /**
   * The source says the split, for each item of the group alike; without it the split is the hash of the group.
   */
  splitGiven?: true;
}
/**
 * What `kaizen dataset import` has found in a dataset. Equal datasets have equal reports: nothing depends on when or where it was written.
 */
export interface DatasetReport {
  schemaVersion: 1;
  /**
   * What the source was recognized as: class folders, splits, table, ...
   */
  layout: string;
  /**
   * How items came into their splits: as the source says, by the hash of their group, or evenly by class.
   */
  splitting: 'given' | 'hash' | 'stratified';
  /**
   * Classes that the source calls differently.
   */
  renamedClasses: {
    from: string;
    /**
     * Name of a class that a model can predict: `scratch`, `7`.
     */
    to: string;
  }[];
  /**
   * Everything in the source that is no item; a folder that is left out as a whole is one entry.
   */
  leftOut: {
    path: string;
    reason: string;
    files: number;
  }[];
  /**
   * How the source was understood.
   */
  notes: string[];
  /**
   * Sizes of the images in pixels, the most frequent first.
   */
  sizes: {
    width: number;
    height: number;
    items: number;
  }[];
  /**
   * SHA-256 digest in lower-case hexadecimal.
   */
  manifestSha256: string;
  /**
   * Images that can be used; corrupt ones are not among them.
   */
  items: number;
  groups: number;
  /**
   * Items of the largest group.
   */
  largestGroup: number;
  /**
   * Sorted.
   */
  classes: string[];
  /**
   * Items by split and class.
   */
  counts: {
    train: CountsByClass;
    validation: CountsByClass;
    test: CountsByClass;
  };
  /**
   * Items of the largest class divided by those of the smallest; 0 without items.
   */
  imbalance: number;
  corrupt: {
    id: string;
    path: string;
    reason: string;
  }[];
  /**
   * Items with the same bytes.
   */
  exactDuplicates: Duplicates[];
  /**
   * Items that look alike, directly or through others, and whose bytes are not all the same.
   */
  nearDuplicates: Duplicates[];
  /**
   * Items that were given another group so that duplicates share one.
   */
  regroupedItems: number;
  /**
   * Why the dataset is not imported; empty when it may be.
   */
  errors: string[];
  warnings: string[];
}
export interface CountsByClass {
  [k: string]: number;
}
export interface Duplicates {
  /**
   * @minItems 2
   */
  ids: string[];
  /**
   * Splits that hold them; more than one is leakage.
   *
   * @minItems 1
   */
  splits: ('train' | 'validation' | 'test')[];
  /**
   * @minItems 1
   */
  labels: string[];
}
/**
 * How a commit reaches the environments: config/delivery.ts.
 */
export interface DeliveryConfig {
  /**
   * <owner>/<name> of the repository that is delivered.
   */
  repository: string;
  /**
   * The only branch whose commits are delivered.
   */
  branch: string;
  /**
   * In the order in which a commit reaches them.
   *
   * @minItems 1
   * @maxItems 10
   */
  environments: {
    /**
     * Of the environment's file in config/.
     */
    name: string;
    /**
     * manual: a person reads what changes before it is deployed.
     */
    approval: 'none' | 'manual';
    /**
     * So many devices must be healthy after a deployment. 0: devices are not asked.
     */
    healthyDevices: number;
  }[];
  /**
   * Who is told of approvals that wait, failed executions and drift: e-mail addresses, and https URLs.
   *
   * @maxItems 50
   *
   * Items: Each has to confirm what SNS sends it first.
   */
  subscriptions: string[];
  /**
   * Where the pipeline itself is.
   */
  pipeline: {
    account: string;
    region: string;
    /**
     * CodeConnections connection to the host of the repository, made and authorized in the console.
     */
    connectionArn: string;
    /**
     * Hours between two comparisons of what is deployed with its templates.
     */
    driftCheckHours: number;
  };
}
/**
 * Periodic health and inventory message of the inference component.
 */
export interface DeviceStatus {
  schemaVersion: 1;
  /**
   * AWS IoT thing name. Colon is allowed by AWS IoT but refused here, because it is not safe in file names; 124 bytes is the Greengrass core-device limit.
   */
  deviceId: string;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  sentAt: string;
  componentVersion: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  releaseId?: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  variant?: string;
  highestCounter: number;
  healthy: boolean;
  /**
   * @maxItems 32
   */
  conditions: {
    name: string;
    ok: boolean;
    value: number | string;
  }[];
  outboxRecords: number;
  /**
   * Since the component started.
   */
  framesProcessed: number;
  framesDropped: number;
  captureBytesToday: number;
  /**
   * @maxItems 16
   */
  refusedReleases?: {
    /**
     * SHA-256 digest in lower-case hexadecimal.
     */
    releaseDigest: string;
    /**
     * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
     */
    releaseId?: string;
    /**
     * Code of the verdict, or ENDED_ITS_PROCESS for a release that was taken out of service.
     */
    code: string;
    /**
     * In words.
     */
    reason?: string;
    /**
     * Whether the release is not tried again until an operator lifts that.
     */
    quarantined?: boolean;
    /**
     * RFC 3339 timestamp in UTC.
     */
    at: string;
  }[];
  /**
   * stopped: the last message of a process that was told to stop.
   */
  state?: 'running' | 'stopped';
  /**
   * Whether the process before this one ended without being told to: a crash, a kill or a power cut.
   */
  endedUncleanly?: boolean;
  /**
   * @maxItems 16
   */
  cameras?: {
    /**
     * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
     */
    cameraId: string;
    ok: boolean;
    /**
     * ok, or what is wrong.
     */
    value: string;
    framesReceived: number;
    /**
     * Gave way to newer ones, or were refused, because the device did not keep up.
     */
    framesDropped: number;
    /**
     * Came again under the same frame id and were not answered again.
     */
    framesDuplicate: number;
    /**
     * Were captured before a frame that had come earlier; answered all the same.
     */
    framesOutOfOrder: number;
    /**
     * Broke off with the connection, so that only a part of the image came. Absent: none.
     */
    framesLost?: number;
    secondsSinceFrame?: number;
  }[];
  /**
   * Inventory: what the device holds.
   *
   * @maxItems 3
   */
  releases?: {
    role: 'current' | 'previous';
    /**
     * SHA-256 digest in lower-case hexadecimal.
     */
    digest: string;
    /**
     * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
     */
    releaseId?: string;
    /**
     * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
     */
    variant: string;
    /**
     * Median time of one run by variant, as measured at the installation.
     */
    milliseconds: {
      [k: string]: number;
    };
  }[];
  /**
   * The last challenge: a new release beside the one in service.
   */
  challenge?: {
    /**
     * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
     */
    releaseId: string;
    frames: number;
    disagreements: number;
    /**
     * Median time of the graph over the compared frames, new / in service. Absent without any.
     */
    latencyRatio?: number;
  };
  resources?: {
    residentBytes: number;
    /**
     * User and system time since the process started.
     */
    cpuSeconds: number;
    uptimeSeconds: number;
    /**
     * Of the file system that holds the component's state.
     */
    diskFreeBytes?: number;
  };
}
/**
 * Property file evaluation.json of the pipeline's Evaluate step: quality of the trained model on the untouched test split.
 */
export interface EvaluationReport {
  schemaVersion: 1;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * @minItems 2
   *
   * Items: Name of a class that a model can predict: `scratch`, `7`.
   */
  classes: string[];
  testItems: number;
  accuracy: number;
  accuracyInterval: ShareInterval;
  /**
   * Accuracy of a multinomial logistic regression on the same images' pixels: the network must be clearly better.
   */
  linearBaselineAccuracy: number;
  /**
   * Smallest recall over the classes.
   */
  minimumRecall: number;
  perClass: {
    [k: string]: {
      recall: number;
      recallInterval: ShareInterval;
      precision: number;
      precisionInterval: ShareInterval;
      support: number;
    };
  };
  /**
   * confusion[i][j]: test items of classes[i] predicted as classes[j].
   */
  confusion: number[][];
  /**
   * Whether the probabilities mean what they say, on the test split (Guo et al., arXiv:1706.04599).
   */
  calibration: {
    expectedCalibrationError: number;
    /**
     * Mean over the test items, in nats.
     */
    negativeLogLikelihood: number;
    /**
     * Test items by the probability of the predicted class; empty bins are left out.
     */
    bins: {
      lower: number;
      upper: number;
      items: number;
      /**
       * Mean probability of the predicted class.
       */
      confidence: number;
      accuracy: number;
    }[];
    /**
     * Temperature that the validation split asks for on top of the model's own; 1: nothing to be gained. Applied nowhere: it belongs into the script.
     */
    validationTemperature: number;
    /**
     * On the test split, after that temperature.
     */
    rescaledExpectedCalibrationError: number;
    rescaledNegativeLogLikelihood: number;
  };
  /**
   * The same test items through the champion, over the classes that it knows; on the first turn the model is compared with itself.
   */
  champion: {
    comparedWith: 'champion' | 'itself';
    /**
     * Test items of classes that the champion knows.
     */
    items: number;
    /**
     * The champion's, on these items.
     */
    accuracy: number;
    /**
     * This model's accuracy - the champion's.
     */
    accuracyDifference: number;
    /**
     * 95 %, paired bootstrap over the items, with a fixed seed.
     */
    accuracyDifferenceInterval: {
      lower: number;
      upper: number;
    };
    /**
     * Items that only the champion gets right.
     */
    lost: number;
    /**
     * Items that only this model gets right.
     */
    gained: number;
    /**
     * Exact McNemar test, two-sided.
     */
    pValue: number;
    /**
     * Largest fall in recall of a class that the champion knows: champion recall - challenger recall.
     */
    worstRecallDrop: number;
    /**
     * Name of a class that a model can predict: `scratch`, `7`.
     */
    worstRecallDropClass: string;
    perClass: {
      [k: string]: {
        championRecall: number;
        recall: number;
        recallDrop: number;
        items: number;
        lost: number;
        gained: number;
        /**
         * Exact McNemar test, one-sided: how likely chance alone takes so much.
         */
        worsePValue: number;
      };
    };
    /**
     * Classes that the champion knows and the test split does not show.
     *
     * Items: Name of a class that a model can predict: `scratch`, `7`.
     */
    missingClasses: string[];
  };
  /**
   * SHA-256 digest in lower-case hexadecimal.
   */
  datasetManifestSha256: string;
}
/**
 * Wilson's 95 % score interval of a share.
 */
export interface ShareInterval {
  lower: number;
  upper: number;
}
/**
 * export.json: what the pipeline's Export step writes beside its files. The registry builds the signed release from it.
 */
export interface ExportedModel {
  schemaVersion: 1;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * In the order of the model's output.
   *
   * @minItems 2
   * @maxItems 100
   *
   * Items: Name of a class that a model can predict: `scratch`, `7`.
   */
  classes: string[];
  input: ModelInput;
  /**
   * @minItems 1
   * @maxItems 40
   */
  files: ReleaseFile[];
  /**
   * @minItems 1
   */
  variants: Variant[];
  /**
   * @minItems 1
   * @maxItems 32
   */
  goldenSamples: GoldenSample[];
  thresholds: Thresholds;
  thresholdBounds?: ThresholdBounds;
  baseline: Baseline;
  novelty?: NoveltyScore;
  embedding?: Embedding;
  /**
   * Agreement between the framework's output and ONNX Runtime on validation images.
   */
  parity: {
    /**
     * Largest absolute difference of a probability, framework against fp32 ONNX.
     */
    maximumDifference: number;
    /**
     * Accuracy of the fp32 ONNX on the test split.
     */
    fp32Accuracy: number;
    int8Accuracy: number;
    /**
     * fp32Accuracy - int8Accuracy: what quantisation costs. A pipeline condition cannot subtract.
     */
    int8AccuracyDrop: number;
    /**
     * Median time of one run, one thread.
     */
    fp32Milliseconds?: number;
    int8Milliseconds?: number;
  };
  /**
   * What the graph costs, as far as another machine than the device can tell.
   */
  cost: {
    /**
     * Of convolutions and matrix products, for one image.
     */
    multiplyAccumulates: number;
    /**
     * variant name -> time of one image / time of the reference network, side by side, one thread.
     */
    latencyRatio: {
      [k: string]: number;
    };
  };
  /**
   * What the thresholds do to parts of the test split, decided as a device decides. Absent where all classes, or none, pass: there is no escape then.
   */
  operatingPoint?: {
    /**
     * Share of good parts on the line, as the plant says.
     */
    goodShare: number;
    /**
     * variant name -> what became of the parts.
     */
    outcomes: {
      [k: string]: Outcome;
    };
  };
  /**
   * A larger network of the same registration for the second opinion in the cloud. Its file is not among files: devices never download it.
   */
  cloudVariant?: {
    file: ReleaseFile;
    precision: 'fp32';
    multiplyAccumulates: number;
    /**
     * Largest absolute difference of a probability, framework against ONNX.
     */
    maximumDifference: number;
    /**
     * On the test split.
     */
    accuracy: number;
    thresholds?: Thresholds1;
    /**
     * Test items that only the device's fp32 variant gets right.
     */
    lost: number;
    /**
     * Test items that only the cloud variant gets right.
     */
    gained: number;
    /**
     * Exact McNemar test, one-sided: how likely chance alone makes the cloud variant so much worse.
     */
    worsePValue: number;
    /**
     * Whether it gives second opinions: not where it is significantly worse than the devices' network. Absent in exports from before a release could do without: those passed the gate.
     */
    inService?: boolean;
  };
}
/**
 * What the graph takes: unsigned 8-bit, height x width x 3 (HWC), made of a frame by the image policy; and that policy. Normalisation is inside the graph.
 */
export interface ModelInput {
  /**
   * Name of the graph's input.
   */
  name: string;
  height: number;
  width: number;
  /**
   * Name of the graph's output: probabilities, shape [classes]. Further outputs: novelty and embedding of the release.
   */
  outputName: string;
  /**
   * The fit of the image policy by which frames were prepared, and are on the device (contract image-policy). none, of releases before there were policies: a frame of another size is invalid.
   */
  resize?: 'none' | 'stretch' | 'letterbox' | 'crop';
  region?: ImageRegion;
  /**
   * rgb when absent.
   */
  colour?: 'rgb' | 'gray';
}
export interface ReleaseFile {
  /**
   * Plain file name: no directory, no leading dot.
   */
  name: string;
  /**
   * SHA-256 digest in lower-case hexadecimal.
   */
  sha256: string;
  bytes: number;
}
export interface Variant {
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  name: string;
  /**
   * Plain file name: no directory, no leading dot.
   */
  file: string;
  precision: 'fp32' | 'int8';
  /**
   * Devices that may serve this variant; all of the release's target when absent.
   *
   * @minItems 1
   */
  architectures?: ('linux-x64' | 'linux-arm64')[];
}
export interface GoldenSample {
  /**
   * Plain file name: no directory, no leading dot.
   */
  file: string;
  /**
   * variant name -> probabilities in class order, as the cloud computed them.
   */
  probabilities: {
    [k: string]: number[];
  };
  /**
   * variant name -> score of novelty, as the cloud computed it; where the release has such an output. On the device it may differ by a tenth of the larger of itself and the variant's limit.
   */
  novelty?: {
    [k: string]: number;
  };
  /**
   * Largest absolute difference of a probability allowed on the device.
   */
  tolerance?: number;
}
/**
 * class -> least probability at which the class may be reported; below it the part goes to the human lane as 'uncertain'.
 */
export interface Thresholds {
  [k: string]: number;
}
/**
 * class that passes -> the lowest and the highest threshold that an operator may give it, chosen on the validation split. A class that is not named may not be moved.
 */
export interface ThresholdBounds {
  [k: string]: {
    lowest: number;
    highest: number;
  };
}
/**
 * Distributions on the validation split, against which the field is compared.
 */
export interface Baseline {
  confidence: Histogram;
  brightness: Histogram;
  contrast: Histogram;
  sharpness: Histogram;
  classCounts: {
    [k: string]: number;
  };
  /**
   * Predicted class -> distributions of its images, where there were any; they sum up to those of all images. With them a line of another mix of classes is compared with what the release expects of that mix. A release without it is older than this rule.
   */
  byClass?: {
    [k: string]: ClassBaseline;
  };
  /**
   * Accuracy on the test split.
   */
  accuracy: number;
}
/**
 * Counts over fixed equal-width bins. counts[i] covers [minimum + i*w, minimum + (i+1)*w), w = (maximum - minimum) / counts.length; values outside are counted in the first or the last bin.
 */
export interface Histogram {
  minimum: number;
  maximum: number;
  /**
   * @minItems 2
   * @maxItems 64
   */
  counts: number[];
}
export interface ClassBaseline {
  confidence: Histogram;
  brightness: Histogram;
  contrast: Histogram;
  sharpness: Histogram;
}
/**
 * A second output of every variant's graph: how unlike the training images a frame is, by features of the network; float32 [1], 0 or above. A release without it tells novelty by image statistics alone.
 */
export interface NoveltyScore {
  /**
   * Name of the graph's output.
   */
  outputName: string;
  /**
   * variant name -> largest score of a frame that is not novel; of every variant. What is no number is novel.
   */
  limits: {
    [k: string]: number;
  };
}
/**
 * A further output of every variant's graph: what the classifier reads of a frame, projected; float32 [size]. For sketches of what the line looks like.
 */
export interface Embedding {
  /**
   * Name of the graph's output.
   */
  outputName: string;
  size: number;
  /**
   * Predicted class -> where its images of the validation and the test split lie, which the network has not learnt. A residual, an embedding less the mean of its predicted class, has covariance 1 over the validation split. A release without it is older than this rule, or has too few images: its line is compared by image statistics alone.
   */
  reference?: {
    [k: string]: EmbeddingReference;
  };
}
export interface EmbeddingReference {
  /**
   * Of how many images the mean is.
   */
  images: number;
  /**
   * Of their embeddings, [size].
   *
   * @minItems 1
   * @maxItems 16
   */
  mean: number[];
}
export interface Outcome {
  /**
   * Parts whose class may pass.
   */
  goods: number;
  /**
   * All others.
   */
  defects: number;
  /**
   * Defective parts that pass.
   */
  escapes: number;
  /**
   * Good parts that are taken out.
   */
  falseRejects: number;
  reviewedGoods: number;
  reviewedDefects: number;
  /**
   * Of defective parts, with 95 % confidence at most so many escape (Clopper and Pearson, one-sided).
   */
  escapeRateBound: number;
  /**
   * Of good parts, the same.
   */
  falseRejectRateBound: number;
  /**
   * Of a thousand parts of the line, in the plant's unit; null without good or without defective parts.
   */
  costPerThousand: number | null;
}
/**
 * class -> least probability at which the class may be reported; below it the part goes to the human lane as 'uncertain'.
 */
export interface Thresholds1 {
  [k: string]: number;
}
/**
 * Property file gate.json of the pipeline's Export step: every limit of the gate beside what was measured, and one message for all that failed.
 */
export interface GateReport {
  schemaVersion: 1;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  passed: boolean;
  /**
   * Failed checks that refuse the model. The pipeline's condition: 0.
   */
  failures: number;
  /**
   * All failures, or what is left out of a model that passes, each with its number, its limit and the difference. A step's FailureReason holds 1,024 characters.
   */
  message: string;
  /**
   * On the test split, for the model package's metadata.
   */
  accuracy: number;
  /**
   * @minItems 1
   */
  checks: {
    name:
      | 'accuracy'
      | 'recallDrop'
      | 'int8AccuracyDrop'
      | 'modelBytes'
      | 'multiplyAccumulates'
      | 'latencyRatio'
      | 'cloudVariant'
      | 'escapeRate'
      | 'falseRejectRate';
    /**
     * The class or the hardware class that the check is about; empty where it is about the model.
     */
    subject: string;
    value: number;
    limit: number;
    passed: boolean;
    sentence: string;
    /**
     * Whether the model is refused when the check does not pass; else the release does without what the check is about. Absent in reports from before there were such checks: true.
     */
    refuses?: boolean;
  }[];
  /**
   * SHA-256 digest in lower-case hexadecimal.
   */
  datasetManifestSha256: string;
  /**
   * SHA-256 digest in lower-case hexadecimal.
   */
  exportSha256: string;
}
/**
 * What the device decided about one frame.
 */
export interface InferenceResult {
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  recordId: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  frameId: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  cameraId?: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  releaseId: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  variant: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  capturedAt: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  inferredAt: string;
  /**
   * ok: reported class; uncertain: below the class threshold, human lane; invalid: unreadable frame or output out of contract, never a good part.
   */
  status: 'ok' | 'uncertain' | 'invalid';
  /**
   * Name of a class that a model can predict: `scratch`, `7`.
   */
  predictedClass?: string;
  /**
   * Probability of predictedClass; absent when invalid.
   */
  confidence?: number;
  /**
   * The graph's score of novelty / the limit of the release, so that the frame is novel above 1; 1000 at most, and where the score is no number. Absent where the release has no such score.
   */
  novelty?: number;
  disposition?: Disposition2;
  /**
   * Why a certain answer is for review: the frame lies where the release was hardly validated; another release beside it contradicts; the answer came after the part's deadline. The last of these that holds. Absent where the status says why, or the policy of the class.
   */
  reviewReason?: 'novel' | 'contradicted' | 'late';
  /**
   * Of predictedClass, when an operator has moved it. Absent: the threshold that the release was signed with.
   */
  threshold?: number;
  /**
   * Why the frame is invalid.
   */
  reason?: string;
  /**
   * Whether the cloud was reachable when the decision was made.
   */
  online: boolean;
  latencyMilliseconds: {
    decode?: number;
    inference?: number;
    /**
     * Frame received until decision.
     */
    total: number;
  };
  /**
   * Statistics of the decoded frame's luma, 0..255.
   */
  image?: {
    /**
     * Mean luma.
     */
    brightness: number;
    /**
     * Standard deviation of luma.
     */
    contrast: number;
    /**
     * Mean absolute horizontal difference of luma.
     */
    sharpness: number;
  };
  /**
   * What the previous release says of the same frame, while it still runs beside the new one.
   */
  shadow?: {
    /**
     * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
     */
    releaseId: string;
    /**
     * Name of a class that a model can predict: `scratch`, `7`.
     */
    predictedClass: string;
    confidence: number;
    disposition?: Disposition3;
  };
  secondOpinion?: ResultSecondOpinion;
  embedding?: EmbeddingSums;
  clock?: RecordClock;
  /**
   * Size of the encoded frame: what streaming it would have cost.
   */
  frameBytes?: number;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  captureId?: string;
}
/**
 * What came of asking the larger network in the cloud. Absent: it was not asked. status, predictedClass and confidence of the result stay the device's own.
 */
export interface ResultSecondOpinion {
  /**
   * answered: its answer came in time; unanswered: nothing did; unsent: the question could not be sent; stopped: the component was told to stop; else why the cloud refused.
   */
  outcome:
    | 'answered'
    | 'unanswered'
    | 'late'
    | 'over-budget'
    | 'not-deployed'
    | 'unreadable'
    | 'failed'
    | 'unsent'
    | 'stopped';
  /**
   * Name of a class that a model can predict: `scratch`, `7`.
   */
  predictedClass?: string;
  confidence?: number;
  disposition?: Disposition4;
  /**
   * Whether the line was told in time: then it is the disposition of the result.
   */
  decided: boolean;
  /**
   * From the question to its outcome.
   */
  milliseconds: number;
}
/**
 * Of the release's results of the same predicted class since the last one of it that carried such sums, this one included: no vector of a single frame leaves the device. From components of before: of results of all classes.
 */
export interface EmbeddingSums {
  /**
   * Frames that they are of.
   */
  count: number;
  /**
   * Of the residuals, [size of the release's embedding]; each component of a residual is held within -8..8, so that one frame moves no mean.
   *
   * @minItems 1
   * @maxItems 16
   */
  sum: number[];
  /**
   * Sum of the squared lengths of the residuals, which say how much the mean varies by chance.
   */
  squares: number;
}
/**
 * Ground truth for one capture, in the label store (DynamoDB): partition key useCase, sort key captureId. Written once per capture; a correction overwrites it.
 */
export interface Label {
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  captureId: string;
  /**
   * Name of a class that a model can predict: `scratch`, `7`.
   */
  label: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  labelledAt: string;
  labelledBy: string;
  /**
   * AWS IoT thing name. Colon is allowed by AWS IoT but refused here, because it is not safe in file names; 124 bytes is the Greengrass core-device limit.
   */
  deviceId: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  releaseId: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  capturedAt: string;
  /**
   * Name of a class that a model can predict: `scratch`, `7`.
   */
  predictedClass?: string;
  confidence?: number;
  disposition?: Disposition5;
  /**
   * Why a certain answer is for review: the frame lies where the release was hardly validated; another release beside it contradicts; the answer came after the part's deadline. The last of these that holds. Absent where the status says why, or the policy of the class.
   */
  reviewReason?: 'novel' | 'contradicted' | 'late';
  /**
   * What another release, which answered the same frame beside, would have made of the part.
   */
  shadow?: {
    /**
     * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
     */
    releaseId: string;
    disposition: Disposition;
  };
  /**
   * @minItems 1
   */
  reasons: ('uncertainty' | 'disagreement' | 'novelty' | 'control')[];
  inclusionProbability: number;
  /**
   * Key of the image in the telemetry bucket.
   */
  imageKey: string;
  /**
   * SHA-256 digest in lower-case hexadecimal.
   */
  sha256: string;
}
/**
 * The signed statement that a device verifies before it loads anything: which files, for whom, how new, until when. Payload of a DSSE envelope with payload type application/vnd.kaizenedge.release+json.
 */
export interface Release {
  schemaVersion: 1;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  releaseId: string;
  /**
   * Grows by one with every release of the use case, also when old files are released again. A device refuses a counter below the highest it has accepted.
   */
  counter: number;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  modelPackageArn: string;
  modelPackageVersion: number;
  /**
   * Counter of the release that this one takes back, when it is a rollback.
   */
  rollbackOf?: number;
  /**
   * RFC 3339 timestamp in UTC.
   */
  createdAt: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  expiresAt: string;
  target: {
    /**
     * Greengrass model component that carries the files.
     */
    componentName: string;
    /**
     * @minItems 1
     */
    architectures: ('linux-x64' | 'linux-arm64')[];
  };
  /**
   * In the order of the model's output.
   *
   * @minItems 2
   * @maxItems 100
   *
   * Items: Name of a class that a model can predict: `scratch`, `7`.
   */
  classes: string[];
  dispositionPolicy?: DispositionPolicy;
  input: ModelInput;
  /**
   * @minItems 1
   * @maxItems 40
   */
  files: ReleaseFile[];
  /**
   * @minItems 1
   */
  variants: Variant[];
  /**
   * @minItems 1
   * @maxItems 32
   */
  goldenSamples: GoldenSample[];
  thresholds: Thresholds;
  baseline: Baseline;
  secondOpinion?: ReleaseSecondOpinion;
  novelty?: NoveltyScore;
  embedding?: Embedding;
}
/**
 * What becomes of a part, and how controllers are told. A release without it is older than this rule: its parts all go to review, and its codes are the places of the classes, from 1.
 */
export interface DispositionPolicy {
  /**
   * class -> code, for every class of the release. A device refuses a release that moves or reuses a code.
   */
  codes: {
    /**
     * Number of a class of a use case, for controllers. Once given it never means another class, and the class never gets another.
     */
    [k: string]: number;
  };
  /**
   * class -> what becomes of a part of it, when the answer is certain.
   */
  classes: {
    [k: string]: Disposition;
  };
  /**
   * What becomes of a frame that lies where the release was hardly validated: to a person, or what its class says.
   */
  novel: 'review' | 'as-classified';
  /**
   * What becomes of a frame of which another release, that answers beside this one, says with certainty what would become of the part otherwise: to a person, or what this one says. as-classified when absent, as releases were signed before there was the field.
   */
  contradicted?: 'review' | 'as-classified';
  operatingRange?: OperatingRange;
}
/**
 * How far an operator may move thresholds of the release at run time. Absent: not at all.
 */
export interface OperatingRange {
  bounds: ThresholdBounds;
  /**
   * As the plant has said them, in any unit, the same for all: what a moved threshold would have cost is told by them.
   */
  costs: {
    escape: number;
    falseReject: number;
    review: number;
  };
}
/**
 * The larger network that answers in the cloud what devices send to review. No device downloads it. Absent: nobody is asked.
 */
export interface ReleaseSecondOpinion {
  model: ReleaseFile;
  thresholds: Thresholds2;
  /**
   * Whether a part may pass on its answer. Where it may not, it can only take a part out, or leave it to a person.
   */
  mayPass: boolean;
}
/**
 * class -> least probability at which the class may be reported; below it the part goes to the human lane as 'uncertain'.
 */
export interface Thresholds2 {
  [k: string]: number;
}
/**
 * offer.json: the startup script of a model or configuration component puts it into the inference component's inbox, <work>/inbox/<offerId>/offer.json (written to a temporary name, then renamed).
 */
export interface ReleaseOffer {
  schemaVersion: 1;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  offerId: string;
  componentName: string;
  componentVersion: string;
  /**
   * Absolute folder that holds release.dsse.json and every file of the release, or configuration.json.
   */
  artifactsPath: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  offeredAt: string;
}
/**
 * verdict.json: the inference component's answer to an offer of a release or a configuration, in the offer's folder. The model component's startup script exits 0 on 'accepted' and 1 on 'refused', so that Greengrass sees a refused release as a failed deployment.
 */
export interface ReleaseVerdict {
  schemaVersion: 1;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  offerId: string;
  verdict: 'accepted' | 'refused';
  code:
    | 'ACCEPTED'
    | 'ALREADY_IN_SERVICE'
    | 'ENVELOPE_INVALID'
    | 'SIGNATURE_MISSING'
    | 'SIGNATURE_INVALID'
    | 'KEY_UNKNOWN'
    | 'KEY_REVOKED'
    | 'RELEASE_INVALID'
    | 'COUNTER_TOO_LOW'
    | 'CODES_MOVED'
    | 'EXPIRED'
    | 'CLOCK_UNKNOWN'
    | 'WRONG_TARGET'
    | 'FILE_MISSING'
    | 'FILE_UNEXPECTED'
    | 'DIGEST_MISMATCH'
    | 'SIZE_MISMATCH'
    | 'QUARANTINED'
    | 'GRAPH_REFUSED'
    | 'LOAD_FAILED'
    | 'OUTPUT_CONTRACT'
    | 'GOLDEN_SAMPLE_MISMATCH'
    | 'CHALLENGE_LOST'
    | 'DISK_FULL'
    | 'TOO_SLOW'
    | 'CONFIGURATION_INVALID'
    | 'INTERNAL_ERROR';
  message: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  releaseId?: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  decidedAt: string;
}
/**
 * One MQTT message of inference results. Sent at least once: a repeated batchId is the same batch and counts once.
 */
export interface ResultsBatch {
  schemaVersion: 1;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  batchId: string;
  /**
   * AWS IoT thing name. Colon is allowed by AWS IoT but refused here, because it is not safe in file names; 124 bytes is the Greengrass core-device limit.
   */
  deviceId: string;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  sentAt: string;
  /**
   * Records that the full outbox has dropped since the batch before.
   */
  droppedRecords: number;
  /**
   * Whether the device asks which of its batches have been counted (contract results-confirmation).
   */
  confirm?: boolean;
  /**
   * @minItems 1
   * @maxItems 500
   */
  records: InferenceResult[];
}
/**
 * To a device: these of its batches have been counted. It may forget them.
 */
export interface ResultsConfirmation {
  schemaVersion: 1;
  /**
   * AWS IoT thing name. Colon is allowed by AWS IoT but refused here, because it is not safe in file names; 124 bytes is the Greengrass core-device limit.
   */
  deviceId: string;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  stream: string;
  /**
   * Ranges of sequence numbers, both ends included, ascending. Says nothing of numbers that it leaves out.
   *
   * @minItems 1
   * @maxItems 200
   */
  received: number[][];
}
/**
 * What training/kaizen_training/script_check.py says of a training script: each step of the contract, in order.
 */
export interface ScriptCheck {
  schemaVersion: 1;
  script: string;
  /**
   * No step is wrong or was not reached.
   */
  passed: boolean;
  /**
   * Of all splits together.
   */
  images: number;
  /**
   * The folder, or `rendered`.
   */
  imagesFrom: string;
  /**
   * @minItems 2
   *
   * Items: Name of a class that a model can predict: `scratch`, `7`.
   */
  classes: string[];
  /**
   * What the script was given, decoded.
   */
  hyperparameters: {
    [k: string]: unknown;
  };
  /**
   * @minItems 1
   */
  steps: {
    step:
      | 'script'
      | 'train'
      | 'save'
      | 'model_fn'
      | 'transform_fn'
      | 'forward'
      | 'export'
      | 'graph interface'
      | 'graph policy'
      | 'parity'
      | 'int8';
    outcome: 'ok' | 'wrong' | 'notReached' | 'notNeeded';
    seconds?: number;
    /**
     * What was wrong, or why it was not reached or not needed.
     */
    said?: string;
    /**
     * What the contract wants, of a step that is wrong.
     */
    wanted?: string;
    /**
     * What may help, where it can be told.
     */
    hint?: string;
  }[];
}
/**
 * To a device: what the larger network says of its frame, or why it says nothing. Exactly one of opinion and refusal.
 */
export interface SecondOpinionAnswer {
  schemaVersion: 1;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  questionId: string;
  /**
   * AWS IoT thing name. Colon is allowed by AWS IoT but refused here, because it is not safe in file names; 124 bytes is the Greengrass core-device limit.
   */
  deviceId: string;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  releaseId: string;
  opinion?: SecondOpinion;
  refusal?: SecondOpinionRefusal;
}
export interface SecondOpinion {
  /**
   * SHA-256 digest in lower-case hexadecimal.
   */
  modelSha256: string;
  /**
   * In the order of the release's classes. All else follows from them by what the release signs; a device that comes to something else uses none of it.
   *
   * @minItems 2
   * @maxItems 100
   */
  probabilities: number[];
  status: 'ok' | 'uncertain';
  /**
   * Name of a class that a model can predict: `scratch`, `7`.
   */
  predictedClass: string;
  confidence: number;
  disposition: Disposition6;
  milliseconds: {
    /**
     * From when the cloud had received the question until the answer left.
     */
    total: number;
    inference: number;
  };
}
export interface SecondOpinionRefusal {
  /**
   * late: the deadline had passed; over-budget: the day's questions or the month's money are spent; not-deployed: the release has no larger network here; unreadable: the image is none, or not the one that was announced; failed: the network gave no distribution over the classes, or could not run.
   */
  reason: 'late' | 'over-budget' | 'not-deployed' | 'unreadable' | 'failed';
  /**
   * For so long the answer to any question of this device would be the same.
   */
  pauseSeconds?: number;
}
/**
 * From a device, about one frame that goes to review: what does the larger network of its release say? The image comes in the message, or lies in S3 where only this device can put it.
 */
export interface SecondOpinionQuestion {
  schemaVersion: 1;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  questionId: string;
  /**
   * AWS IoT thing name. Colon is allowed by AWS IoT but refused here, because it is not safe in file names; 124 bytes is the Greengrass core-device limit.
   */
  deviceId: string;
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  releaseId: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  frameId: string;
  /**
   * From when the cloud has received the question: what is left of the part's time. No point in time, because a device's clock may be wrong.
   */
  deadlineMilliseconds: number;
  /**
   * The frame as the camera gave it, JPEG or PNG.
   */
  image: {
    /**
     * SHA-256 digest in lower-case hexadecimal.
     */
    sha256: string;
    bytes: number;
    /**
     * The image: with the rest below the 128 KB of a message. Absent: it lies in S3 under a key that follows from use case, thing and question.
     */
    inline?: string;
  };
}
/**
 * DSSE envelope (secure-systems-lab/dsse, protocol 1.0) around a release. Stored as release.dsse.json.
 */
export interface SignedRelease {
  payloadType: 'application/vnd.kaizenedge.release+json';
  /**
   * The release as canonical JSON, base64.
   */
  payload: string;
  /**
   * @minItems 1
   * @maxItems 4
   */
  signatures: {
    /**
     * SHA-256 digest in lower-case hexadecimal.
     */
    keyid: string;
    /**
     * ECDSA P-256 over SHA-256 of the DSSE pre-authentication encoding, ASN.1 DER.
     */
    sig: string;
  }[];
}
/**
 * Mergeable summary of results of one (use case, release, device, time window). DynamoDB: partition key 'useCase#releaseId', sort key 'windowStart#deviceId'. Merging is addition of every number. The latency histogram bins log10 of the total milliseconds over -1..4.
 */
export interface Sketch {
  /**
   * Name of a use case: lower-case letters, digits and hyphens. Safe in MQTT topics, S3 keys and Greengrass component names.
   */
  useCase: string;
  /**
   * Opaque identifier, safe in S3 keys and file names; never starts with a dot.
   */
  releaseId: string;
  /**
   * AWS IoT thing name. Colon is allowed by AWS IoT but refused here, because it is not safe in file names; 124 bytes is the Greengrass core-device limit.
   */
  deviceId: string;
  /**
   * RFC 3339 timestamp in UTC.
   */
  windowStart: string;
  /**
   * All records, invalid ones too.
   */
  results: number;
  uncertain: number;
  invalid: number;
  /**
   * Decided while the cloud was out of reach.
   */
  offline: number;
  dropped: number;
  frameBytes: number;
  classCounts: {
    [k: string]: number;
  };
  confidence: Histogram;
  latency: Histogram;
  brightness: Histogram;
  contrast: Histogram;
  sharpness: Histogram;
  embedding?: EmbeddingSums1;
  /**
   * Predicted class -> sums over its frames. DynamoDB: one map, since an expression of updates has no room for a hundred classes.
   */
  embeddingByClass?: {
    [k: string]: EmbeddingSums2;
  };
  shadow: {
    /**
     * Frames on which both releases spoke and the new one's answer is a class that the previous release knows.
     */
    compared: number;
    disagreed: number;
    /**
     * Frames of which it is known what both releases make of the part; absent: none, from before devices said so.
     */
    directed?: number;
    /**
     * Of these, parts that pass now and did not before: where more defects may escape.
     */
    newlyPassed?: number;
    /**
     * Of these, parts that passed before and do not now.
     */
    newlyStopped?: number;
  };
}
/**
 * Of a window from before sums were kept by predicted class; what is in embeddingByClass is not in it.
 */
export interface EmbeddingSums1 {
  /**
   * Frames that they are of.
   */
  count: number;
  /**
   * Of the residuals, [size of the release's embedding]; each component of a residual is held within -8..8, so that one frame moves no mean.
   *
   * @minItems 1
   * @maxItems 16
   */
  sum: number[];
  /**
   * Sum of the squared lengths of the residuals, which say how much the mean varies by chance.
   */
  squares: number;
}
/**
 * Sums over the residuals of frames: the embedding of each less the mean of its predicted class in the release. Merging is addition of every number.
 */
export interface EmbeddingSums2 {
  /**
   * Frames that they are of.
   */
  count: number;
  /**
   * Of the residuals, [size of the release's embedding]; each component of a residual is held within -8..8, so that one frame moves no mean.
   *
   * @minItems 1
   * @maxItems 16
   */
  sum: number[];
  /**
   * Sum of the squared lengths of the residuals, which say how much the mean varies by chance.
   */
  squares: number;
}
/**
 * trusted-keys.json, written on the device when it is provisioned, outside the deployment channel: whoever controls a deployment cannot replace it.
 */
export interface TrustedKeys {
  schemaVersion: 1;
  /**
   * @minItems 1
   */
  keys: {
    /**
     * SHA-256 digest in lower-case hexadecimal.
     */
    keyid: string;
    algorithm: 'ECDSA_SHA_256';
    publicKeyPem: string;
    status: 'active' | 'revoked';
  }[];
}
