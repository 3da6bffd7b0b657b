/** A run of the demo as it could have been, from a seed: sizes, kinds of text and order as in a real one. */
import sharp from 'sharp';
import type { DeviceWindow, ReportData, Verdicts } from '../../../demo/report/report-data';

const START = Date.UTC(2026, 10, 23, 9, 30, 0);
const USE_CASE = 'surface-inspection';
const CLASSES = ['crack', 'dent', 'good', 'scratch', 'stain'];

/** mulberry32: small, seeded, good enough to make figures look like figures. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const at = (seconds: number) => START + seconds * 1000;

interface Stage {
  readonly from: number;
  readonly accuracy: number;
  readonly release: number;
  readonly brightness: number;
}

function stagesOf(canary: boolean): Stage[] {
  return [
    { from: 100, accuracy: 0.965, release: 1, brightness: 128 },
    { from: 150, accuracy: 0.78, release: 1, brightness: 96 },
    { from: 210, accuracy: 0.61, release: 1, brightness: 95 },
    { from: canary ? 360 : 395, accuracy: 0.955, release: 2, brightness: 95 },
    ...(canary
      ? [
          { from: 445, accuracy: 0.12, release: 3, brightness: 95 },
          { from: 485, accuracy: 0.955, release: 4, brightness: 95 },
        ]
      : []),
  ];
}

function windowsOf(deviceId: string, canary: boolean, random: () => number): DeviceWindow[] {
  return Array.from({ length: 90 }, (_, index) => 100 + index * 5).flatMap((second) => {
    const stage = stagesOf(canary).findLast(({ from }) => from <= second);
    const withoutPower = deviceId === 'line-1' && second >= 365 && second < 380;
    if (!stage || withoutPower) return [];
    const spread = (size: number) => (random() - 0.5) * size;
    return [
      {
        at: at(second),
        frames: 40,
        accuracy: Math.min(1, stage.accuracy + spread(0.08)),
        releaseId: `${USE_CASE}-${stage.release}`,
        meanConfidence: Math.min(1, 0.4 + stage.accuracy * 0.55 + spread(0.03)),
        meanBrightness: stage.brightness + spread(4),
        offlineFrames: deviceId === 'line-4' && second >= 155 && second < 175 ? 40 : 0,
      },
    ];
  });
}

const DRIFT = '{"kind":"DRIFT","feature":"brightness","value":2.143,"limit":0.25}';

const ALARMS: ReportData['alarms'] = [
  {
    heading: 'drift-not-evaluated',
    severity: 'high',
    sentence: 'Nobody compares the field with the baseline.',
    because: 'nothing has been evaluated since the deployment',
    reason:
      'Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].',
    from: at(2),
    until: at(51),
    calledAt: at(3),
  },
  {
    heading: 'drift-episode-open',
    severity: 'low',
    sentence: 'The field has drifted from the baseline of the release in service.',
    because: 'the light over the line drifts',
    reason:
      'Threshold Crossed: 1 out of the last 1 datapoints [1.0 (23/11/26 09:33:20)] was greater than the threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition).',
    from: at(200),
    until: null,
    calledAt: null,
  },
];

const EVENTS: ReportData['events'] = [
  [0, 'training', 'dataset accepted: 2400 images of dent, good, scratch, stain; manifest 9f2c41d07be1'],
  [62, 'training', 'pipeline succeeded: accuracy 96.8 %, model package 1 waits for approval'],
  [64, 'release', 'model package 1 approved ("first model, metrics reviewed"): release 1 built and signed'],
  [104, 'rollout', 'release 1 is in service on all devices after 40 s'],
  [150, 'line', 'the light over the line drifts: darker, warmer, a strong gradient'],
  [151, 'fault', 'line-4 loses its network'],
  [171, 'fault', 'line-4 has its network back after 20 s'],
  [175, 'line', 'all 160 results that line-4 made offline have arrived'],
  [198, 'drift', `drift detected on release ${USE_CASE}-1: ${DRIFT}`],
  [199, 'line', 'accuracy under the drifted light: 77.9 % of 1536 frames'],
  [200, 'alarm', 'drift-episode-open goes off: The field has drifted from the baseline'],
  [210, 'line', "parts with the new defect 'crack' appear"],
  [241, 'training', 'retraining started by the policy: execution 7d1e0a'],
  [
    338,
    'release',
    'model package 2 approved ("knows crack; no class got worse"): release 2 built and signed',
  ],
  [364, 'fault', 'line-1 loses power during the rollout (SIGKILL of the device and its components)'],
  [380, 'fault', 'line-1 is back and serves the verified release 2'],
  [412, 'rollout', 'release 2 is in service on all devices after 71 s'],
  [433, 'line', 'accuracy with release 2: 95.4 % of 640 frames'],
  [440, 'release', 'model package 3 approved ("looked fine on a laptop"): release 3 built and signed'],
  [481, 'rollout', 'release 3 was taken back: 11.9 % of 143 labelled frames are right'],
  [
    489,
    'release',
    'canary is back on release 4 (the bytes of the release before); stable: line-3, line-4 on release 2',
  ],
  [520, 'fault', 'line-1 refused com.kaizenedge.local.model.SurfaceInspection 1.0.900001 (DIGEST_MISMATCH)'],
].map(([second, kind, what]) => ({
  at: at(second as number),
  kind: kind as ReportData['events'][number]['kind'],
  what: what as string,
}));

function confusion(title: string, right: number, knowsCrack: boolean): ReportData['confusions'][number] {
  const share = knowsCrack ? right : 0;
  const rows = CLASSES.map((name, index) => {
    const frames = name === 'good' ? 900 : 240;
    const hits = Math.round(frames * (name === 'crack' ? share : right));
    const others = CLASSES.map((other, column) =>
      column === index || (!knowsCrack && other === 'crack') ? 0 : 1,
    );
    const rest = (frames - hits) / others.filter((other) => other > 0).length;
    return others.map((other, column) => (column === index ? hits : Math.round(rest * other)));
  });
  return { title, classes: CLASSES, rows };
}

const numbersOf = (accuracy: number): Record<string, number | null> => ({
  results: 812,
  invalidRate: 0,
  labelledAccuracy: accuracy,
  latencyMillisecondsP99: 9.42,
  latencyRatio: 1.025,
  disagreement: accuracy < 0.5 ? 0.871 : 0.034,
  accuracyDrop: accuracy < 0.5 ? 0.835 : -0.004,
  previousLatencyMillisecondsP99: 9.18,
  disagreementRate: accuracy < 0.5 ? 0.871 : 0.034,
  populationStabilityIndex: accuracy < 0.5 ? 3.127 : 0.081,
  challengerAccuracy: null,
});

const ROLLOUTS: ReportData['rollouts'] = [1, 2].map((counter) => ({
  releaseId: `${USE_CASE}-${counter}`,
  outcome: 'completed',
  seconds: 40 + counter * 15.5,
  waves: ['canary', 'stable'].map((wave) => ({
    wave,
    verdict: 'PROMOTE',
    reasons: [`${wave}: 812 results, none invalid, latency and predictions within their limits.`],
    numbers: numbersOf(0.95),
  })),
}));

const WRONG_ROLLOUT: ReportData['rollouts'][number] = {
  releaseId: `${USE_CASE}-3`,
  outcome: 'rolled back',
  seconds: 41.3,
  waves: [
    {
      wave: 'canary',
      verdict: 'ROLL_BACK',
      reasons: [
        'Of 143 labelled frames 11.9 % are right; release 2 had 95.4 %.',
        '{"kind":"ACCURACY_LOW","value":0.119,"lower":0.07,"upper":0.18,"limit":0.9}',
      ],
      numbers: numbersOf(0.119),
    },
  ],
};

async function exampleOf(index: number, random: () => number): Promise<ReportData['examples'][number]> {
  const right = index < 6;
  const truth = CLASSES[index % CLASSES.length] as string;
  const grey = Math.round(90 + random() * 80);
  const jpeg = await sharp({
    create: { width: 96, height: 96, channels: 3, background: { r: grey, g: grey, b: grey + 8 } },
  })
    .composite([
      {
        input: Buffer.from(
          `<svg width="96" height="96"><path d="M${10 + random() * 30} 20L${50 + random() * 40} 80" stroke="#222" stroke-width="3"/></svg>`,
        ),
      },
    ])
    .jpeg()
    .toBuffer();
  return {
    jpegBase64: jpeg.toString('base64'),
    truth,
    predicted: right ? truth : (CLASSES[(index + 2) % CLASSES.length] as string),
    confidence: 0.5 + random() / 2,
    releaseId: `${USE_CASE}-${1 + (index % 3)}`,
    right,
  };
}

const verdicts = (
  escapes: number,
  escapesAsClassified: number,
  falseRejects: number,
  review: number,
): Verdicts => ({
  goods: 970,
  defects: 250,
  escaped: Math.round(250 * escapes),
  escapes,
  escapesAsClassified,
  falseRejects,
  review,
  decidedRightly: 1 - review,
  costPerThousand: 1000 * (0.2 * escapes * 100 + 0.8 * falseRejects + review * 0.5),
});

const opinions = (label: string, asked: number): ReportData['secondOpinions'][number] => ({
  label,
  frames: 7536,
  reviewed: 5120,
  asked,
  outcomes: { answered: asked - 7, late: 5, overBudget: 1, other: 1 },
  decided: { goodPassed: 31, goodRejected: 2, defectsPassed: 1, defectsRejected: 9 },
  right: { device: 0.512, cloud: 0.634 },
  gain: -80.5,
  millisecondsP50: 214,
  millisecondsP95: 871,
  bytes: asked * 5300,
  usdPerThousandFrames: 0.00021,
});

export async function seededData(seed = 20261123): Promise<ReportData> {
  const random = seeded(seed);
  const ids = ['line-1', 'line-2', 'line-3', 'line-4'];
  const examples: Array<ReportData['examples'][number]> = [];
  for (let index = 0; index < 12; index += 1) examples.push(await exampleOf(index, random));
  return {
    generatedAt: '2026-11-23T09:39:20.000Z',
    settingsName: 'full',
    phases: [
      { name: 'Starting the local AWS', seconds: 6.2 },
      { name: 'Rendering the parts; cdk bootstrap and cdk deploy of the four stacks', seconds: 48.1 },
      { name: 'Provisioning and starting four core devices', seconds: 7.9 },
      { name: 'training: prepare -> train -> evaluate -> export -> gate -> register', seconds: 61.4 },
      { name: 'rollout: release 2; one device loses power in the middle of it', seconds: 119.6 },
    ],
    totalSeconds: 612.7,
    peakMemoryBytes: 3.41e9,
    events: EVENTS,
    devices: ids.map((deviceId, index) => {
      const canary = index < 2;
      return { deviceId, group: canary ? 'canary' : 'stable', windows: windowsOf(deviceId, canary, random) };
    }),
    accuracy: [
      {
        label: 'before the change',
        frames: 1280,
        accuracy: 0.9648,
        verdicts: verdicts(0.004, 0.006, 0.0, 0.04),
      },
      { label: 'light drift', frames: 800, accuracy: 0.7788, verdicts: verdicts(0.0, 0.41, 0.0, 0.97) },
      {
        label: 'light drift and crack',
        frames: 4160,
        accuracy: 0.6132,
        verdicts: verdicts(0.0, 0.38, 0.0, 0.98),
      },
      {
        label: 'after retraining',
        frames: 640,
        accuracy: 0.9543,
        verdicts: verdicts(0.006, 0.011, 0.0, 0.06),
      },
      {
        label: 'wrong model on the canary',
        frames: 656,
        accuracy: 0.1189,
        verdicts: verdicts(0.31, 0.33, 0.4, 0.08),
      },
    ],
    confusions: [
      confusion('Before retraining: drifted light and the unknown class crack', 0.76, false),
      confusion('After retraining: release 2 on the same line', 0.954, true),
    ],
    rollouts: [...ROLLOUTS, WRONG_ROLLOUT],
    latency: {
      edgeP50: 3.81,
      edgeP99: 11.2,
      cloudP50: 48.6,
      cloudP99: 131,
      cloudWhat:
        'frame uploaded to S3 and one Lambda call on this same machine: no inference, no network distance, so a lower bound',
    },
    limits: { disagreement: 0.2, invalidRate: 0.02, latencyRatio: 1.5, accuracyDrop: 0.05 },
    turns: [
      {
        change: 'light drift and crack',
        after: 'after retraining',
        toEpisode: 48.2,
        toRetraining: 91.4,
        toModel: 188.3,
        toCure: 262.1,
      },
    ],
    secondOpinions: [opinions('the whole run', 118), opinions('before the change', 21)],
    codes: [...CLASSES].map((className, index) => ({
      className,
      code: index + 1,
      since: `${USE_CASE}-${className === 'crack' ? 2 : 1}`,
    })),
    parts: ['normal', 'drifted', 'broken-tool'].map((condition, index) => ({
      condition,
      label: CLASSES[index] as string,
      jpegBase64: examples[index]?.jpegBase64 ?? '',
    })),
    bandwidth: {
      streamedBytes: 61_300_000,
      resultBytes: 1_120_000,
      captureBytes: 1_840_000,
      questionBytes: 625_400,
      steady: { streamedBytes: 4_900_000, sentBytes: 310_000 },
    },
    availability: { deviceId: 'line-4', offlineSeconds: 20.04, offlineInferences: 160, lostRecords: 0 },
    privacy: ids.map((deviceId, index) => ({
      deviceId,
      captures: 92 + index * 11,
      bytes: 430_000 + index * 21_000,
      byReason: { uncertainty: 51 + index, disagreement: 12, novelty: 20 + index, control: 17 },
    })),
    models: [1, 2, 3].map((counter) => ({
      releaseId: `${USE_CASE}-${counter}`,
      testAccuracy: 0.96 + counter / 1000,
      linearBaselineAccuracy: 0.571,
      variants: [
        { name: 'fp32', bytes: 1_630_000, milliseconds: 3.4, accuracy: 0.961 },
        { name: 'int8', bytes: 512_000, milliseconds: 1.9, accuracy: 0.958 },
      ],
    })),
    examples,
    refusals: [
      { deviceId: 'line-1', code: 'DIGEST_MISMATCH', what: `${USE_CASE}-4` },
      { deviceId: 'line-2', code: 'DIGEST_MISMATCH', what: `${USE_CASE}-4` },
    ],
    alarms: ALARMS,
    drift: [{ openedAt: new Date(at(196)).toISOString(), releaseId: `${USE_CASE}-1`, evidence: [DRIFT] }],
    retraining: {
      executions: 1,
      labels: { good: 141, scratch: 52, dent: 49, stain: 55, crack: 61 },
      newClasses: ['crack'],
    },
  };
}

/** A run that ended before anything was measured. */
export const EMPTY: ReportData = {
  generatedAt: '2026-11-23T09:39:20.000Z',
  settingsName: 'small',
  phases: [],
  totalSeconds: 0,
  peakMemoryBytes: 0,
  events: [],
  devices: [],
  accuracy: [],
  confusions: [],
  rollouts: [],
  latency: {
    edgeP50: Number.NaN,
    edgeP99: Number.NaN,
    cloudP50: Number.NaN,
    cloudP99: Number.NaN,
    cloudWhat: '',
  },
  limits: {},
  turns: [],
  secondOpinions: [],
  codes: [],
  parts: [],
  bandwidth: {
    streamedBytes: 0,
    resultBytes: 0,
    captureBytes: 0,
    questionBytes: 0,
    steady: { streamedBytes: 0, sentBytes: 0 },
  },
  availability: { deviceId: '', offlineSeconds: 0, offlineInferences: 0, lostRecords: 0 },
  privacy: [],
  models: [],
  examples: [],
  refusals: [],
  alarms: [],
  drift: [],
  retraining: { executions: 0, labels: {}, newClasses: [] },
};
