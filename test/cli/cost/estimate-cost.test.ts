import fc from 'fast-check';
import { estimateCost } from '../../../cli/cost/estimate-cost';
import { formatCost } from '../../../cli/cost/format-cost';
import { PRICE_SOURCES, PRICED_REGIONS, PRICES } from '../../../cli/cost/prices';
import type { CostFacts } from '../../../cli/cost/read-facts';
import { DEFAULT_USAGE, type Usage } from '../../../cli/cost/usage';

const REGION = 'us-east-1';

const FACTS: CostFacts = {
  keys: 2,
  tables: 5,
  alarms: 10,
  dashboards: 1,
  polledQueues: 0,
  isArm: true,
  evaluations: 720,
  retrainingLooks: 120,
  jobs: [
    { step: 'Train', isTraining: true, instanceType: 'ml.m5.xlarge', instanceCount: 2, timeoutHours: 6 },
  ],
  maximumExecutionsPerMonth: 6,
  messageBytes: 5_120,
  batchRecords: 100,
  flushSeconds: 10,
  statusIntervalSeconds: 60,
  dailyByteBudget: 50_000_000,
  controlSampleProbability: 0.001,
  uncertainSampleProbability: 0.1,
  askSeconds: 60,
  ingestBatch: 10_000,
  ingestWindowSeconds: 60,
  lookbackHours: 24,
  sketchWindowSeconds: 3_600,
  deviceMetricLimit: 0,
};
const USAGE: Usage = { ...DEFAULT_USAGE, devices: 10, fps: 5 };

const lineOf = (what: string, facts = FACTS, usage = USAGE) => {
  const found = estimateCost(facts, usage, REGION).lines.find((line) => line.what === what);
  if (!found) throw new Error(`there is no line '${what}'`);
  return found;
};

test('[B12] by hand: ten devices of five frames a second write an object a minute, by each of five pollers', () => {
  expect(lineOf('objects of results, one per invocation')).toMatchObject({
    noun: 'telemetry',
    quantity: 5 * 60 * 24 * 30,
    usd: expect.closeTo(1.08),
  });
  // 10 x 5 x 86,400 x 30 frames.
  expect(lineOf('ingest, time').quantity).toBeCloseTo(129_600_000 * 0.0001);
  // A message in ten seconds, fifty records, and the statuses.
  expect(lineOf('results and status, rules').quantity).toBeCloseTo(10 * (6 + 1) * 60 * 24 * 30);
  // Each invocation has twelve of the sixty messages of ten devices, and by chance seven devices.
  expect(lineOf('sketches').quantity).toBeCloseTo(10 * (1 - 0.9 ** 12) * 5 * 60 * 24 * 30);
  expect(lineOf('confirmations to devices').quantity).toBeCloseTo(10 * 2 * 60 * 24 * 30);
  expect(lineOf('core devices')).toMatchObject({ noun: 'device', quantity: 10, usd: expect.closeTo(1.6) });
  expect(lineOf('Train, 2 x ml.m5.xlarge')).toMatchObject({
    noun: 'training',
    quantity: 2,
    usd: expect.closeTo(0.46),
  });
  expect(lineOf('alarms').usd).toBeCloseTo(1);
  // 6 executions x 2 instances x 6 hours.
  expect(estimateCost(FACTS, USAGE, REGION).trainingAtMostUsd).toBeCloseTo(72 * 0.23);
});

test.each<[string, Partial<CostFacts>, Partial<Usage>, string, number]>([
  ['a slow camera does not fill its messages', {}, { fps: 0.5 }, 'results and status, rules', 3_024_000],
  ['a fast one does: seventy-one records', {}, { fps: 30 }, 'results and status, rules', 11_384_112.68],
  [
    'an invocation ends at its payload, and of a large fleet few devices are in it twice',
    {},
    { devices: 10_000 },
    'sketches',
    2_428_483_371.06,
  ],
  [
    'a device that does not ask costs no answer',
    { askSeconds: undefined },
    {},
    'confirmations to devices',
    0,
  ],
  [
    'a message of four units is metered as four',
    { messageBytes: 20_480, batchRecords: 500 },
    { fps: 60 },
    'results and status, rules',
    21_099_109.63,
  ],
  ['captures end at the daily budget', { dailyByteBudget: 100_000 }, {}, 'captures, image and sidecar', 600],
  ['results expire', { resultDays: 15 }, { monthsBefore: 12 }, 'results that lie there', 31.104 / 7],
  ['results pile up', {}, { monthsBefore: 12 }, 'results that lie there', 777.6 / 7],
  ['metrics by device are as many as are allowed', { deviceMetricLimit: 3 }, {}, 'metrics by device', 24],
])('%s', (_what, facts, usage, line, quantity) => {
  expect(lineOf(line, { ...FACTS, ...facts }, { ...USAGE, ...usage }).quantity).toBeCloseTo(quantity);
});

describe('[S10] second opinions', () => {
  const secondOpinions = {
    dailyQuestions: 10_000,
    dailyDeviceQuestions: 2_000,
    questionsPerMinute: 30,
    memoryGigabytes: 1,
  };
  const asked = (facts: object, usage: Partial<Usage> = {}) =>
    lineOf(
      'second opinions, requests',
      { ...FACTS, secondOpinions: { ...secondOpinions, ...facts } },
      { ...USAGE, ...usage },
    ).quantity;

  test('are as many as frames go to review, and as pace and budgets allow', () => {
    // One device, 0.1 frames a second: 8,640 a day, of which 4 % go to review.
    expect(asked({}, { devices: 1, fps: 0.1 })).toBeCloseTo(30 * 345.6);
    expect(asked({ questionsPerMinute: 0.1 }, { devices: 1, fps: 0.1 })).toBeCloseTo(30 * 144);
    expect(asked({}, { devices: 1 })).toBeCloseTo(30 * 2_000);
    expect(asked({})).toBeCloseTo(30 * 10_000);
  });

  test('by hand: a thousand of them', () => {
    const facts = { ...FACTS, secondOpinions: { ...secondOpinions, dailyQuestions: 100 / 3 } };
    const { lines } = estimateCost(facts, USAGE, REGION);
    const usd = lines
      .filter(({ what }) => what.startsWith('second opinions') && !what.endsWith('metrics'))
      .reduce((sum, one) => sum + one.usd, 0);
    // 8 units of 5 KB at 1.3 USD a million, 0.25 GB-seconds, two writes, two messages, a request.
    expect(usd).toBeCloseTo(8 * 0.0013 + 0.25 * 0.0166667 + 2 * 0.000625 + 2 * 0.001 + 0.0002, 6);
  });

  test('that nobody answers cost nothing', () => {
    const { lines } = estimateCost(FACTS, USAGE, REGION);
    expect(lines.filter(({ what }) => what.startsWith('second'))).toEqual([]);
  });
});

test('what has no price is refused with the step and the file', () => {
  const [job] = FACTS.jobs;
  const facts = { ...FACTS, jobs: [{ ...job, step: 'Train', instanceType: 'ml.p9.large' }] } as CostFacts;
  expect(() => estimateCost(facts, USAGE, REGION)).toThrow(
    'step Train: ml.p9.large has no price in cli/cost/prices.ts: add it',
  );
});

test('the sum is that of the lines, and more of anything never costs less', () => {
  const usage = fc.record({
    devices: fc.nat(10_000),
    fps: fc.double({ min: 0.1, max: 60, noNaN: true }),
    hoursPerDay: fc.double({ min: 1, max: 24, noNaN: true }),
    trainings: fc.nat(30),
    trainingMinutes: fc.nat(600),
    monthsBefore: fc.nat(60),
  });
  fc.assert(
    fc.property(usage, usage, fc.constantFrom(...PRICED_REGIONS), (less, added, region) => {
      const estimate = estimateCost(FACTS, less, region);
      expect(estimate.usd).toBeCloseTo(estimate.lines.reduce((sum, { usd }) => sum + usd, 0));
      const more = {
        ...less,
        devices: less.devices + added.devices,
        trainings: less.trainings + added.trainings,
      };
      expect(estimateCost(FACTS, more, region).usd).toBeGreaterThanOrEqual(estimate.usd);
    }),
  );
});

test('every price has a source in every region, and a guess is told from what was read', () => {
  for (const { unit, usageType, usd } of Object.values(PRICES)) {
    expect(unit && usageType).toBeTruthy();
    for (const region of PRICED_REGIONS) {
      const [amount, source] = usd[region];
      expect(amount).toBeGreaterThan(0);
      expect(Object.keys(PRICE_SOURCES)).toContain(source);
    }
  }
  const text = formatCost('prod', USAGE, estimateCost(FACTS, USAGE, 'eu-central-1'));
  expect(text).toMatch(/Train, 2 x ml\.m5\.xlarge .* \?$/m);
  expect(text).toContain('?  not confirmed anywhere');
});
