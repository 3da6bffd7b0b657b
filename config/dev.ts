import type { AppConfig } from '../contracts';

/** A shared account in AWS for trying changes on a few real devices. Everything may be deleted. */
export const dev = {
  environmentName: 'dev',
  account: '111111111111',
  region: 'us-east-1',
  useCase: 'surface-inspection',
  // Whatever is not listed here, a class that is new tomorrow included, is taken out; what looks new is looked at.
  dispositionPolicy: { classes: { good: 'pass' }, otherwise: 'reject', novel: 'review' },
  removal: 'destroy',
  synthesizer: 'default',
  transport: 'tls-only',
  budget: {
    monthlyUsd: 200,
    // The account is this environment's alone; environment where several share one.
    counts: 'account',
    retrainingStopsAtPercent: 80,
    trainingStopsAtPercent: 100,
  },
  lambda: { architecture: 'arm64', logRetentionDays: 14 },
  training: {
    image: '763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch:2.13-cpu-amzn2023-sagemaker',
    instanceType: 'ml.m5.xlarge',
    instanceCount: 1,
    volumeGigabytes: 30,
    timeoutMinutes: 120,
    epochs: 20,
    learningRate: 0.1,
    widthMultiplier: 0.5,
    seed: 7,
    minimumAccuracy: 0.9,
    maximumRecallDrop: 0.05,
    maximumInt8Drop: 0.02,
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
    retry: { maximumAttempts: 3, intervalSeconds: 30, backoffRate: 2 },
  },
  registry: { approval: 'manual', releaseLifetimeDays: 30, architectures: ['linux-x64', 'linux-arm64'] },
  rollout: {
    pollSeconds: 30,
    waves: [
      {
        name: 'canary',
        bakeSeconds: 900,
        installTimeoutSeconds: 3600,
        decisionTimeoutSeconds: 3600,
        minimumResults: 300,
      },
      {
        name: 'stable',
        bakeSeconds: 900,
        installTimeoutSeconds: 7200,
        decisionTimeoutSeconds: 3600,
        minimumResults: 300,
      },
    ],
    limits: { disagreement: 0.2, invalidRate: 0.02, latencyRatio: 1.5, accuracyDrop: 0.05 },
  },
  device: {
    cameras: { 'camera-1': { type: 'socket', path: '/run/kaizen-edge/camera.sock' } },
    frames: { policy: 'newest', queueLength: 4 },
    limits: { maximumPixels: 16_777_216, maximumFrameBytes: 16_777_216 },
    upload: {
      privacy: 'selected',
      dailyByteBudget: 50_000_000,
      controlSampleProbability: 0.005,
      uncertaintyThreshold: 0.7,
      uncertainSampleProbability: 0.2,
      disagreementSampleProbability: 0.5,
      noveltySampleProbability: 0.5,
    },
    outbox: { maximumBytes: 67_108_864, batchRecords: 50, flushMilliseconds: 5_000, messageBytes: 5_120 },
    componentUpdate: { quietSeconds: 2, longestDeferralSeconds: 30 },
    shadowFrames: 500,
    statusIntervalSeconds: 60,
  },
  telemetry: { sketchWindowSeconds: 300, resultDays: 30, captureDays: 90 },
  monitoring: {
    scheduleMinutes: 15,
    windowMinutes: 180,
    labelWindowMinutes: 10_080,
    driftThreshold: 0.25,
    classMixThreshold: 0.5,
    minimumResults: 500,
    minimumLabels: 50,
    minimumAccuracy: 0.88,
    maximumAccuracyDrop: 0.05,
    // E-mail addresses, and https URLs of pagers. High alarms reach nobody while it is empty.
    alarmSubscriptions: [],
  },
  retraining: {
    scheduleMinutes: 60,
    minimumNewLabels: 100,
    minimumLabelsPerNewClass: 30,
    cooldownMinutes: 720,
    maximumExecutionsPerMonth: 10,
  },
} satisfies AppConfig;
