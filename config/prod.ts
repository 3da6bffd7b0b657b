import type { AppConfig } from '../contracts';

/** The line. State outlives its stack, waves bake for a shift, and a budget bounds what the loop may spend. */
export const prod = {
  environmentName: 'prod',
  account: '222222222222',
  region: 'us-east-1',
  useCase: 'surface-inspection',
  // Whatever is not listed here, a class that is new tomorrow included, is taken out; what looks new is looked at.
  dispositionPolicy: {
    classes: { good: 'pass' },
    otherwise: 'reject',
    novel: 'review',
    goodShare: 0.98,
    costs: { escape: 100, falseReject: 1, review: 0.5 },
    limits: { escapeRate: 0.02, falseRejectRate: 0.05 },
    // What people beside a line can look at on a bad day; a plant with more of them says more.
    operatingRange: { reviewRate: 0.1 },
  },
  removal: 'retain',
  synthesizer: 'default',
  transport: 'tls-only',
  budget: {
    monthlyUsd: 2_000,
    // The account is this environment's alone; environment where several share one.
    counts: 'account',
    retrainingStopsAtPercent: 80,
    trainingStopsAtPercent: 100,
  },
  lambda: { architecture: 'arm64', logRetentionDays: 365 },
  training: {
    image: '763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch:2.13-cpu-amzn2023-sagemaker',
    instanceType: 'ml.m5.2xlarge',
    instanceCount: 1,
    volumeGigabytes: 100,
    timeoutMinutes: 360,
    epochs: 40,
    learningRate: 0.1,
    widthMultiplier: 0.5,
    seed: 7,
    minimumAccuracy: 0.95,
    // At 0.02 half of all trainings that change nothing would be refused, on 200 test images of each class (docs/adr/0063).
    maximumRecallDrop: 0.05,
    maximumInt8Drop: 0.01,
    hardwareClasses: {
      'industrial-pc': {
        architectures: ['linux-x64'],
        precisions: ['fp32', 'int8'],
        maximumModelBytes: 16_000_000,
        maximumMultiplyAccumulates: 100_000_000,
        maximumLatencyRatio: 5,
      },
      // Weaker cores: half of the arithmetic for the same line.
      gateway: {
        architectures: ['linux-arm64'],
        precisions: ['fp32', 'int8'],
        maximumModelBytes: 8_000_000,
        maximumMultiplyAccumulates: 50_000_000,
        maximumLatencyRatio: 3,
      },
    },
    retry: { maximumAttempts: 5, intervalSeconds: 60, backoffRate: 2 },
  },
  registry: { approval: 'manual', releaseLifetimeDays: 90, architectures: ['linux-x64', 'linux-arm64'] },
  rollout: {
    pollSeconds: 60,
    waves: [
      {
        name: 'canary',
        bakeSeconds: 28_800,
        installTimeoutSeconds: 14_400,
        decisionTimeoutSeconds: 28_800,
        labelTimeoutSeconds: 259_200,
        minimumResults: 2_000,
      },
      {
        name: 'stable',
        bakeSeconds: 3_600,
        installTimeoutSeconds: 86_400,
        decisionTimeoutSeconds: 28_800,
        labelTimeoutSeconds: 259_200,
        minimumResults: 2_000,
      },
    ],
    limits: { disagreement: 0.2, invalidRate: 0.02, latencyRatio: 1.5, accuracyDrop: 0.03 },
  },
  device: {
    cameras: { 'camera-1': { type: 'socket', path: '/run/kaizen-edge/camera.sock' } },
    frames: { policy: 'newest', queueLength: 4 },
    limits: { maximumPixels: 16_777_216, maximumFrameBytes: 16_777_216 },
    upload: {
      privacy: 'selected',
      dailyByteBudget: 50_000_000,
      controlSampleProbability: 0.001,
      uncertaintyThreshold: 0.7,
      uncertainSampleProbability: 0.1,
      disagreementSampleProbability: 0.5,
      noveltySampleProbability: 0.5,
    },
    outbox: { maximumBytes: 268_435_456, batchRecords: 100, flushMilliseconds: 10_000, messageBytes: 5_120 },
    componentUpdate: { quietSeconds: 2, longestDeferralSeconds: 30 },
    shadowFrames: 5_000,
    statusIntervalSeconds: 60,
  },
  telemetry: { sketchWindowSeconds: 3_600, resultDays: 365, captureDays: 180 },
  monitoring: {
    scheduleMinutes: 60,
    windowMinutes: 1_440,
    labelWindowMinutes: 43_200,
    driftThreshold: 0.25,
    classMixThreshold: 0.5,
    minimumResults: 2_000,
    minimumLabels: 100,
    minimumAccuracy: 0.94,
    maximumAccuracyDrop: 0.03,
    // E-mail addresses, and https URLs of pagers. High alarms reach nobody while it is empty.
    alarmSubscriptions: [],
  },
  retraining: {
    scheduleMinutes: 360,
    minimumNewLabels: 300,
    minimumLabelsPerNewClass: 50,
    cooldownMinutes: 4_320,
    maximumExecutionsPerMonth: 6,
  },
} satisfies AppConfig;
