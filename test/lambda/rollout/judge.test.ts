import fc from 'fast-check';
import type { JudgedLabel, ReleaseEvidence } from '../../../lambda/rollout/judge-wave/evidence';
import { dropBetween, medianRatio, studentQuantile } from '../../../lambda/rollout/judge-wave/intervals';
import { judge, type Verdict } from '../../../lambda/rollout/judge-wave/judge';
import type { JudgeInput } from '../../../lambda/rollout/judge-wave/judge-input';
import { wilsonInterval } from '../../../lambda/shared/intervals';
import { aLabel, aSketch, histogramOf } from '../shared/builders';
import { JUDGE_SETTINGS } from './builders';
import { SCENARIOS, simulateRollouts } from './simulated-rollout';

const POLICY = { codes: {}, classes: { good: 'pass', scratch: 'reject' }, novel: 'review' } as const;
const RELEASE = { dispositionPolicy: POLICY, thresholds: {} };

/** What one device of a wave reports; all do the same unless told. */
interface Device {
  readonly results: number;
  readonly invalid?: number;
  readonly uncertain?: number;
  readonly milliseconds?: number;
  readonly compared?: number;
  readonly disagreed?: number;
  readonly newlyPassed?: number;
  readonly newlyStopped?: number;
  /** Results in a busy window. */
  readonly window?: number;
  /** [labels of control captures, correct ones] */
  readonly labels?: readonly [number, number];
  /** [labels, defects] of captures that pass now and did not before. */
  readonly gained?: readonly [number, number];
  /** [labels, defects] of captures that do not pass any more. */
  readonly lost?: readonly [number, number];
}

const some = (count: number, label: Partial<JudgedLabel>): JudgedLabel[] =>
  Array.from({ length: count }, () => aLabel({ inclusionProbability: 0.05, ...label }));

function labelsOf(deviceId: string, device: Device): JudgedLabel[] {
  const [control, correct] = device.labels ?? [0, 0];
  const parted = ([count, defects]: readonly [number, number], now: 'pass' | 'reject') => {
    const label = {
      deviceId,
      reasons: ['disagreement' as const],
      inclusionProbability: 0.5,
      predictedClass: now === 'pass' ? 'good' : 'scratch',
      disposition: now,
      shadow: {
        releaseId: 'surface-1',
        disposition: now === 'pass' ? ('reject' as const) : ('pass' as const),
      },
    };
    return [
      ...some(defects, { ...label, label: 'scratch' }),
      ...some(count - defects, { ...label, label: 'good' }),
    ];
  };
  return [
    ...some(correct, { deviceId, label: 'good', predictedClass: 'good' }),
    ...some(control - correct, { deviceId, label: 'good', predictedClass: 'scratch' }),
    ...parted(device.gained ?? [0, 0], 'pass'),
    ...parted(device.lost ?? [0, 0], 'reject'),
  ];
}

function evidence(releaseId: string, devices: readonly Device[]): ReleaseEvidence {
  const named = devices.map((device, index) => ({ deviceId: `line-${index + 1}`, device }));
  return {
    releaseId,
    devices: named
      .filter(({ device }) => device.results > 0)
      .map(({ deviceId, device }) => ({
        deviceId,
        windows: [device.window ?? 100],
        sketch: aSketch({
          releaseId,
          deviceId,
          results: device.results,
          invalid: device.invalid ?? 0,
          uncertain: device.uncertain ?? 0,
          latency: histogramOf('latency', new Array(100).fill(Math.log10(device.milliseconds ?? 10))),
          shadow: {
            compared: device.compared ?? 0,
            disagreed: device.disagreed ?? 0,
            directed: device.compared ?? 0,
            newlyPassed: device.newlyPassed ?? 0,
            newlyStopped: device.newlyStopped ?? 0,
          },
        }),
      })),
    labels: named.flatMap(({ deviceId, device }) => labelsOf(deviceId, device)),
  };
}

const GOOD: Device = { results: 1000, compared: 1000 };
const times = (count: number, device: Device): Device[] => new Array<Device>(count).fill(device);

function inputOf(
  released: readonly Device[],
  previous: readonly Device[] | undefined,
  context: Partial<JudgeInput> = {},
): JudgeInput {
  const { limits, sampling } = JUDGE_SETTINGS;
  return {
    released: evidence('surface-2', released),
    ...(previous && { previous: evidence('surface-1', previous) }),
    releases: { released: RELEASE, ...(previous && { previous: RELEASE }) },
    limits,
    sampling,
    expected: released.map((_, index) => `line-${index + 1}`),
    quorum: 0.9,
    minimumResults: 60,
    minimumResultsPerDevice: Math.ceil(60 / released.length / 4),
    deadlinePassed: false,
    labelDeadlinePassed: false,
    decisionTimeoutSeconds: 120,
    ...context,
  };
}

type Case = readonly [
  what: string,
  released: readonly Device[],
  previous: readonly Device[] | undefined,
  context: Partial<JudgeInput>,
  verdict: Verdict,
  reason: RegExp,
];

const FOUR = times(4, GOOD);
const late = { deadlinePassed: true, labelDeadlinePassed: true };
const drifting = { answeredEpisodeId: 'surface-1-episode-1' };
const four = (device: Partial<Device>): Device[] => times(4, { ...GOOD, ...device });

const CASES: readonly Case[] = [
  ['all is well', FOUR, FOUR, {}, 'PROMOTE', /Invalid results: 0\.0 % of 4000 results of 4 devices/],
  ['all is well at the deadline', FOUR, FOUR, late, 'PROMOTE', /Invalid results/],
  ['one device, which is all there is', [GOOD], [GOOD], {}, 'PROMOTE', /results of one device/],
  [
    'the first release has nothing to be compared with',
    FOUR,
    undefined,
    {},
    'PROMOTE',
    /no previous release/,
  ],
  ['nobody has sent anything', four({ results: 0 }), FOUR, {}, 'WAIT', /sent 0 results.* of the 60/],
  [
    'nobody has sent anything until the deadline',
    four({ results: 0 }),
    FOUR,
    late,
    'ROLL_BACK',
    /no decision within 120 s/,
  ],
  ['few results, all invalid', four({ results: 5, invalid: 5 }), FOUR, {}, 'WAIT', /sent 20 results/],
  ['many invalid results', four({ invalid: 100 }), FOUR, {}, 'ROLL_BACK', /10\.0 % of 4000.* limit 2\.0 %/],
  [
    'as many invalid results as before: the camera, not the release',
    four({ invalid: 100 }),
    four({ invalid: 100 }),
    {},
    'PROMOTE',
    /the previous release had 10\.0 %/,
  ],
  [
    'a few more invalid results than allowed',
    four({ results: 50, invalid: 2 }),
    four({ results: 50 }),
    {},
    'WAIT',
    /4\.0 % of 200/,
  ],
  [
    'a release that is never sure',
    four({ uncertain: 900 }),
    FOUR,
    {},
    'ROLL_BACK',
    /Uncertain results: 90\.0 %/,
  ],
  ['twice as slow', four({ milliseconds: 25 }), FOUR, {}, 'ROLL_BACK', /Latency: median .* limit 1\.5 times/],
  ['a little slower', four({ milliseconds: 12 }), FOUR, {}, 'PROMOTE', /Latency: median/],
  [
    '[B13] case 53: a tenth of the throughput',
    four({ window: 10 }),
    FOUR,
    {},
    'ROLL_BACK',
    /Throughput: 10 results in a busy window, 0\.10 times/,
  ],
  [
    'half of the throughput: the line may be slow today',
    four({ window: 50 }),
    FOUR,
    {},
    'PROMOTE',
    /Throughput/,
  ],
  [
    'huge disagreement',
    four({ disagreed: 750 }),
    FOUR,
    {},
    'ROLL_BACK',
    /75\.0 % of 4000 shadowed .* limit 20\.0 %/,
  ],
  [
    'huge disagreement with a drifting release',
    four({ disagreed: 750 }),
    FOUR,
    drifting,
    'PROMOTE',
    /trained to answer the drift episode surface-1-episode-1/,
  ],
  [
    'drift excuses nothing else',
    four({ disagreed: 750, invalid: 500 }),
    FOUR,
    drifting,
    'ROLL_BACK',
    /Invalid/,
  ],
  [
    'case 53: some disagreement waits for labels',
    four({ disagreed: 150 }),
    FOUR,
    {},
    'WAIT',
    /the releases disagree on 15\.0 % of the frames; \d+ more labels would settle it/,
  ],
  [
    'case 53: also beyond the deadline, while labels may come',
    four({ disagreed: 150 }),
    FOUR,
    { deadlinePassed: true },
    'WAIT',
    /more labels would settle it/,
  ],
  [
    'case 53: not for ever',
    four({ disagreed: 150 }),
    FOUR,
    late,
    'ROLL_BACK',
    /The labels that would have settled it did not come in time/,
  ],
  [
    'some disagreement, and labels that say that it is as good',
    four({ disagreed: 150, labels: [200, 194] }),
    four({ labels: [200, 194] }),
    {},
    'PROMOTE',
    /Accuracy: 97\.0 % on 800 labels/,
  ],
  [
    'a fall in accuracy',
    four({ disagreed: 150, labels: [200, 160] }),
    four({ labels: [200, 194] }),
    {},
    'ROLL_BACK',
    /Accuracy: 80\.0 % on 800 labels.*limit 5\.0 %/,
  ],
  [
    'hardly any disagreement needs no labels',
    four({ disagreed: 5 }),
    FOUR,
    {},
    'PROMOTE',
    /cannot have fallen by more/,
  ],
  [
    'case 52: no frame was shadowed',
    four({ compared: 0 }),
    FOUR,
    late,
    'ROLL_BACK',
    /no frame was shadowed on 4 of 4 devices/,
  ],
  [
    'no frame was shadowed, and labels say that it is as good',
    four({ compared: 0, labels: [200, 194] }),
    four({ labels: [200, 194] }),
    // A changed image policy; the release before has no disposition policy either.
    { releases: { released: RELEASE, previous: { thresholds: {} } } },
    'PROMOTE',
    /no frame was shadowed/,
  ],
  [
    '[B13] parts that pass newly wait for labels of them',
    four({ disagreed: 20, newlyPassed: 10 }),
    FOUR,
    {},
    'WAIT',
    /Escapes: 1\.00 % of the frames pass newly.* more labels of such frames would settle it/,
  ],
  [
    '[B13] they are good parts',
    four({ disagreed: 20, newlyPassed: 10, gained: [10, 0] }),
    FOUR,
    {},
    'PROMOTE',
    /hardly 0\.\d+ % are new escapes, limit 0\.40 %/,
  ],
  [
    '[B13] many of them are defective',
    four({ disagreed: 20, newlyPassed: 10, newlyStopped: 10, gained: [10, 8], lost: [10, 1] }),
    FOUR,
    {},
    'ROLL_BACK',
    /Escapes: they have risen: 32 of 40 labelled parts .* and 4 of 40/,
  ],
  [
    '[B13] as many escapes go as come',
    four({ disagreed: 40, newlyPassed: 20, newlyStopped: 20, gained: [20, 8], lost: [20, 8] }),
    FOUR,
    {},
    'PROMOTE',
    /hardly doubled/,
  ],
  [
    'case 52: 49 of 50 devices are silent',
    [GOOD, ...times(49, { results: 0 })],
    times(50, GOOD),
    late,
    'ROLL_BACK',
    /sent \d results, of which a device counts for at most twice its share|1 of 50 devices have sent .* Silent: line-2, /,
  ],
  [
    'case 52: 49 have 30 % invalid and one claims 400,000 good results',
    [...times(49, { ...GOOD, invalid: 300 }), { results: 400_000, compared: 400_000 }],
    times(50, GOOD),
    {},
    'ROLL_BACK',
    /Invalid results: 2\d\.\d %/,
  ],
  [
    'case 52: one of 50 claims 400,000 bad results',
    [...times(49, GOOD), { results: 400_000, invalid: 400_000, compared: 400_000, disagreed: 400_000 }],
    times(50, GOOD),
    {},
    'PROMOTE',
    /Invalid results: 0\.\d %/,
  ],
  [
    'case 52: one of 50 claims to be slow and idle',
    [...times(49, GOOD), { ...GOOD, milliseconds: 9000, window: 1 }],
    times(50, GOOD),
    {},
    'PROMOTE',
    /Latency/,
  ],
];

describe('[B2] the verdict on a wave', () => {
  test.each(CASES)('%s', (_, released, previous, context, verdict, reason) => {
    const judgement = judge(inputOf(released, previous, context));
    expect({ verdict: judgement.verdict, reasons: judgement.reasons.join(' ') }).toEqual({
      verdict,
      reasons: expect.stringMatching(reason),
    });
  });

  test('what waits for labels says how many, of what and whose', () => {
    const { needs } = judge(inputOf(four({ disagreed: 20, newlyPassed: 10 }), FOUR));
    expect(needs).toEqual([
      {
        labels: expect.any(Number),
        of: 'newly-passed',
        devices: ['line-1', 'line-2', 'line-3', 'line-4'],
      },
    ]);
  });

  test('an open episode does not hide the disagreement', () => {
    const { numbers } = judge(inputOf(four({ disagreed: 750 }), FOUR, drifting));
    expect(numbers).toMatchObject({ disagreement: expect.closeTo(0.75, 3), shadowed: 4000 });
  });

  test('the numbers can be stored and sent as JSON', () => {
    for (const [, released, previous, context] of CASES) {
      const { numbers } = judge(inputOf(released, previous, context));
      expect(Object.values(numbers).every(Number.isFinite)).toBe(true);
    }
  });
});

const device = fc
  .record({
    results: fc.integer({ min: 0, max: 3000 }),
    invalid: fc.double({ min: 0, max: 1, noNaN: true }),
    disagreed: fc.nat(100),
  })
  .map(
    ({ results, invalid, disagreed }): Device => ({
      results,
      invalid: Math.floor(results * invalid),
      compared: 100,
      disagreed,
    }),
  );
const wave = fc.array(device, { minLength: 1, maxLength: 6 });
const RUNS = { numRuns: 25, seed: 11 };

describe('whatever a wave reports', () => {
  test('no release goes on without enough results', () => {
    fc.assert(
      fc.property(wave, wave, fc.boolean(), (released, previous, deadlinePassed) => {
        fc.pre(released.reduce((sum, { results }) => sum + results, 0) < 60);
        expect(judge(inputOf(released, previous, { deadlinePassed })).verdict).not.toBe('PROMOTE');
      }),
      RUNS,
    );
  });

  test('after both deadlines nobody waits', () => {
    fc.assert(
      fc.property(wave, wave, (released, previous) => {
        expect(judge(inputOf(released, previous, late)).verdict).not.toBe('WAIT');
      }),
      RUNS,
    );
  });

  test('case 52: no claim of one device among forty changes the verdict on the others', () => {
    const claim = fc.record({
      results: fc.integer({ min: 0, max: 1_000_000 }),
      invalid: fc.double({ min: 0, max: 1, noNaN: true }),
      disagreed: fc.double({ min: 0, max: 1, noNaN: true }),
      milliseconds: fc.double({ min: 0.2, max: 9000, noNaN: true }),
      window: fc.integer({ min: 0, max: 100_000 }),
    });
    const bad = times(40, { ...GOOD, invalid: 300 });
    fc.assert(
      fc.property(claim, ({ results, invalid, disagreed, ...claimed }) => {
        const liar = {
          ...claimed,
          results,
          compared: results,
          invalid: Math.floor(results * invalid),
          disagreed: Math.floor(results * disagreed),
        };
        const verdictOf = (others: readonly Device[]) =>
          judge(inputOf([...others, liar], times(41, GOOD))).verdict;
        expect(verdictOf(times(40, GOOD))).toBe('PROMOTE');
        expect(verdictOf(bad)).toBe('ROLL_BACK');
      }),
      RUNS,
    );
  });
});

describe('[B13] case 53: rollouts in simulation, `npm run bench -- judge` in short', () => {
  const fleet = { devices: 15, correlation: 0.05, labels: 40 };
  test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))('%s', (_, scenario) => {
    const rollouts = 8;
    const counts = simulateRollouts(scenario, fleet, rollouts, 17);
    if (scenario.isGood) expect(counts['taken back']).toBe(0);
    else expect(counts.promoted).toBe(0);
  });
});

describe('intervals', () => {
  // Abramowitz and Stegun, table 26.10: t at 0.999 for 10 degrees is 4.144, at 0.975 for 4 it is 2.776.
  test.each([
    [3.0902, 10, 4.144],
    [1.96, 4, 2.776],
    [1.96, 1000, 1.962],
  ])("Student's quantile of %d with %i degrees", (z, degrees, expected) => {
    expect(Math.abs(studentQuantile(z, degrees) / expected - 1)).toBeLessThan(0.01);
  });

  test('one ratio is known by what devices usually do, many by themselves', () => {
    const [one, many] = [medianRatio([2], 0.05, 3.09), medianRatio(new Array(100).fill(2), 0.05, 3.09)];
    expect(one.value).toBeCloseTo(2, 9);
    expect(one.lower).toBeLessThan(1.5);
    expect(many.lower).toBeGreaterThan(1.95);
  });

  test('one device among ten moves the median by one place', () => {
    const ratios = Array.from({ length: 9 }, (_, index) => 1 + index / 100);
    expect(medianRatio([...ratios, 1e6], 0.05, 3.09).value).toBeLessThan(1.06);
    expect(medianRatio([...ratios, 1e6], 0.05, 3.09).lower).toBeLessThan(1.2);
  });

  // Newcombe (1998), table II, method 10: 56/70 - 48/80 gives 0.0524 to 0.3339.
  test('the difference of two shares', () => {
    const [before, after] = [wilsonInterval(56 / 70, 70), wilsonInterval(48 / 80, 80)];
    const { value, lower, upper } = dropBetween(before, after);
    expect(value).toBeCloseTo(0.2, 6);
    expect(lower).toBeCloseTo(0.0524, 4);
    expect(upper).toBeCloseTo(0.3339, 4);
  });
});
