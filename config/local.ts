import type { AppConfig } from '../contracts';

/** The local AWS: one machine, no account. Times are short, so that a turn of the loop takes minutes. */
export const local = {
  environmentName: 'local',
  account: '000000000000',
  region: 'us-east-1',
  useCase: 'surface-inspection',
  // Whatever is not listed here, a class that is new tomorrow included, is taken out; what looks new is looked at.
  dispositionPolicy: {
    classes: { good: 'pass' },
    otherwise: 'reject',
    novel: 'review',
    goodShare: 0.98,
    costs: { escape: 100, falseReject: 1, review: 0.5 },
    limits: { escapeRate: 0.2, falseRejectRate: 0.2 },
    // Wide, so that a threshold can be moved whatever the small model of a demo is worth.
    operatingRange: { reviewRate: 0.5 },
  },
  removal: 'destroy',
  // The local AWS enforces IAM, and does not let the bootstrap roles publish assets.
  synthesizer: 'cli-credentials',
  // It speaks HTTP, on the loopback interface only.
  transport: 'any',
  lambda: { architecture: 'x86_64', logRetentionDays: 1 },
  training: {
    image: '763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch:2.13-cpu-amzn2023-sagemaker',
    instanceType: 'ml.m5.large',
    instanceCount: 1,
    volumeGigabytes: 10,
    timeoutMinutes: 30,
    epochs: 12,
    learningRate: 0.1,
    widthMultiplier: 0.35,
    seed: 7,
    minimumAccuracy: 0.8,
    maximumRecallDrop: 0.1,
    maximumInt8Drop: 0.03,
    hardwareClasses: {
      // Room for width 1.0; the demo's machines are of every speed, so time is hardly bounded.
      'any-device': {
        architectures: ['linux-x64', 'linux-arm64'],
        precisions: ['fp32', 'int8'],
        maximumModelBytes: 16_000_000,
        maximumMultiplyAccumulates: 100_000_000,
        maximumLatencyRatio: 20,
      },
    },
    retry: { maximumAttempts: 2, intervalSeconds: 2, backoffRate: 2 },
  },
  registry: { approval: 'manual', releaseLifetimeDays: 30, architectures: ['linux-x64', 'linux-arm64'] },
  rollout: {
    pollSeconds: 2,
    waves: [
      {
        name: 'canary',
        bakeSeconds: 15,
        installTimeoutSeconds: 180,
        decisionTimeoutSeconds: 120,
        minimumResults: 60,
      },
      {
        name: 'stable',
        bakeSeconds: 10,
        installTimeoutSeconds: 180,
        decisionTimeoutSeconds: 120,
        minimumResults: 60,
      },
    ],
    limits: { disagreement: 0.2, invalidRate: 0.02, latencyRatio: 1.5, accuracyDrop: 0.05 },
  },
  device: {
    cameras: { 'camera-1': { type: 'socket', path: 'camera.sock' } },
    frames: { policy: 'newest', queueLength: 4 },
    limits: { maximumPixels: 16_777_216, maximumFrameBytes: 16_777_216 },
    upload: {
      privacy: 'selected',
      dailyByteBudget: 20_000_000,
      controlSampleProbability: 0.05,
      uncertaintyThreshold: 0.8,
      // Under drift nearly every frame is uncertain and new: a quarter of them gives labels enough within a minute.
      uncertainSampleProbability: 0.25,
      disagreementSampleProbability: 0.5,
      noveltySampleProbability: 0.25,
    },
    // Four metering units a message: nobody is billed here, and fewer messages keep the demo light.
    outbox: { maximumBytes: 8_388_608, batchRecords: 50, flushMilliseconds: 500, messageBytes: 20_480 },
    // The drift evaluation, every minute, is to have those of the last seconds.
    embeddingSums: { everySeconds: 2 },
    confirmations: { askSeconds: 5, resendSeconds: 20 },
    // Frames never stop in the demo: an update that waited for a pause would wait to its limit every time.
    componentUpdate: { quietSeconds: 2, longestDeferralSeconds: 0 },
    shadowFrames: 200,
    statusIntervalSeconds: 5,
  },
  telemetry: { sketchWindowSeconds: 10, resultDays: 1, captureDays: 1 },
  monitoring: {
    scheduleMinutes: 1,
    windowMinutes: 5,
    labelWindowMinutes: 60,
    driftThreshold: 0.25,
    classMixThreshold: 0.5,
    minimumResults: 100,
    minimumLabels: 20,
    minimumAccuracy: 0.8,
    maximumAccuracyDrop: 0.05,
    // Nobody to wake.
    alarmSubscriptions: [],
  },
  retraining: {
    scheduleMinutes: 1,
    minimumNewLabels: 300,
    minimumLabelsPerNewClass: 25,
    // Longer than a run of the demo on a slow machine: a second retraining would train beside what it shows last.
    cooldownMinutes: 20,
    maximumExecutionsPerMonth: 20,
  },
} satisfies AppConfig;
