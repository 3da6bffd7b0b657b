import fc from 'fast-check';
import type { Sketch } from '../../../contracts';
import { dropBetween, medianLatency, shareOf } from '../../../lambda/rollout/judge-wave/intervals';
import {
  type JudgeInput,
  judge,
  type Observations,
  type Verdict,
} from '../../../lambda/rollout/judge-wave/judge';
import { aLabel, aSketch, histogramOf } from '../shared/builders';

const LIMITS = { disagreement: 0.2, invalidRate: 0.02, latencyRatio: 1.5, accuracyDrop: 0.05 };

interface Wave {
  readonly results: number;
  readonly invalid?: number;
  readonly uncertain?: number;
  readonly milliseconds?: number;
  readonly compared?: number;
  readonly disagreed?: number;
  /** [labels, correct ones] */
  readonly labels?: readonly [number, number];
}

function observations(releaseId: string, wave: Wave): Observations {
  const { results, invalid = 0, uncertain = 0, milliseconds = 10, compared = 0, disagreed = 0 } = wave;
  const latency = histogramOf('latency', new Array(results).fill(Math.log10(milliseconds)));
  const sketch: Sketch = aSketch({
    releaseId,
    results,
    invalid,
    uncertain,
    latency,
    shadow: { compared, disagreed },
  });
  const [labels, correct] = wave.labels ?? [0, 0];
  return {
    releaseId,
    ...(results > 0 && { sketch }),
    labels: Array.from({ length: labels }, (_, index) =>
      aLabel({ captureId: `c${index}`, label: index < correct ? 'good' : 'scratch', predictedClass: 'good' }),
    ),
  };
}

type Case = readonly [
  what: string,
  released: Wave,
  previous: Wave | undefined,
  context: Partial<JudgeInput>,
  verdict: Verdict,
  reason: string | RegExp,
];

const HEALTHY: Wave = { results: 1000 };
const late = { deadlinePassed: true };
const drifting = { answeredEpisodeId: 'surface-1-episode-1' };

const CASES: readonly Case[] = [
  ['all is well', HEALTHY, HEALTHY, {}, 'PROMOTE', 'Invalid results: 0.0 % of 1000'],
  [
    'the first release has nothing to be compared with',
    HEALTHY,
    undefined,
    {},
    'PROMOTE',
    'Latency: not compared',
  ],
  ['nobody has sent anything', { results: 0 }, HEALTHY, {}, 'WAIT', 'sent 0 results of the 60'],
  [
    'nobody has sent anything until the deadline',
    { results: 0 },
    HEALTHY,
    late,
    'ROLL_BACK',
    'no decision within 120 s',
  ],
  [
    'few results, all invalid',
    { results: 20, invalid: 20 },
    HEALTHY,
    {},
    'WAIT',
    'sent 20 results of the 60',
  ],
  ['one result too few', { results: 59 }, HEALTHY, {}, 'WAIT', 'sent 59 results'],
  ['just enough results', { results: 60 }, HEALTHY, {}, 'PROMOTE', 'of 60 results'],
  ['few results at the deadline', { results: 59 }, HEALTHY, late, 'ROLL_BACK', 'sent 59 results of the 60'],
  [
    'many invalid results',
    { results: 1000, invalid: 100 },
    HEALTHY,
    {},
    'ROLL_BACK',
    /10\.0 % of 1000 .* limit 2\.0 %/,
  ],
  [
    'a few more invalid results than allowed, in a small sample',
    { results: 60, invalid: 2 },
    HEALTHY,
    {},
    'WAIT',
    '3.3 % of 60',
  ],
  ['the same at the deadline', { results: 60, invalid: 2 }, HEALTHY, late, 'ROLL_BACK', 'no decision'],
  [
    'as many invalid results as before: the camera, not the release',
    { results: 1000, invalid: 100 },
    { results: 1000, invalid: 100 },
    {},
    'PROMOTE',
    'the previous release had 10.0 %',
  ],
  [
    'many invalid results, too few of the previous release to blame the camera',
    { results: 1000, invalid: 100 },
    { results: 30, invalid: 3 },
    {},
    'ROLL_BACK',
    'Invalid results: 10.0 %',
  ],
  [
    'a release that is never sure',
    { results: 1000, uncertain: 900 },
    HEALTHY,
    {},
    'ROLL_BACK',
    'Uncertain results: 90.0 %',
  ],
  [
    'an unsure release in an unsure field',
    { results: 1000, uncertain: 600 },
    { results: 1000, uncertain: 620 },
    {},
    'PROMOTE',
    'Uncertain',
  ],
  [
    'twice as slow',
    { results: 1000, milliseconds: 25 },
    { results: 1000, milliseconds: 10 },
    {},
    'ROLL_BACK',
    /Latency: median .* limit 1\.5 times/,
  ],
  [
    'a little slower',
    { results: 1000, milliseconds: 12 },
    { results: 1000, milliseconds: 10 },
    {},
    'PROMOTE',
    'Latency: median',
  ],
  [
    'slow, but nothing to compare with',
    { results: 1000, milliseconds: 500 },
    { results: 10 },
    {},
    'PROMOTE',
    'has 10 results of the 60 needed',
  ],
  [
    'huge disagreement with a healthy previous release',
    { results: 1000, compared: 200, disagreed: 150 },
    HEALTHY,
    {},
    'ROLL_BACK',
    /75\.0 % of 200 .* limit 20\.0 %/,
  ],
  [
    'huge disagreement with a drifting one',
    { results: 1000, compared: 200, disagreed: 150 },
    HEALTHY,
    drifting,
    'PROMOTE',
    'trained to answer the drift episode surface-1-episode-1',
  ],
  [
    'drift excuses disagreement and nothing else',
    { results: 1000, invalid: 500, compared: 200, disagreed: 150 },
    HEALTHY,
    drifting,
    'ROLL_BACK',
    'Invalid results',
  ],
  [
    'some disagreement',
    { results: 1000, compared: 200, disagreed: 30 },
    HEALTHY,
    {},
    'PROMOTE',
    '15.0 % of 200',
  ],
  [
    'three of ten shadowed frames disagree',
    { results: 1000, compared: 10, disagreed: 3 },
    HEALTHY,
    {},
    'WAIT',
    '30.0 % of 10',
  ],
  ['no frame was shadowed', HEALTHY, HEALTHY, {}, 'PROMOTE', 'no frame was shadowed'],
  [
    'a fall in accuracy',
    { results: 1000, labels: [200, 140] },
    { results: 1000, labels: [200, 190] },
    {},
    'ROLL_BACK',
    /Accuracy: 70\.0 % on 200 labels.*limit 5\.0 %/,
  ],
  [
    'a fall in accuracy on few labels',
    { results: 1000, labels: [29, 10] },
    { results: 1000, labels: [200, 190] },
    {},
    'PROMOTE',
    '29 labels of the new and 200',
  ],
  [
    'a fall within the interval',
    { results: 1000, labels: [40, 36] },
    { results: 1000, labels: [40, 39] },
    {},
    'PROMOTE',
    'Accuracy: 90.0 %',
  ],
  [
    'a rise in accuracy',
    { results: 1000, labels: [100, 98] },
    { results: 1000, labels: [100, 60] },
    {},
    'PROMOTE',
    'a drop of -38.0 %',
  ],
  ['all is well at the deadline', HEALTHY, HEALTHY, late, 'PROMOTE', 'Invalid results'],
];

function inputOf(released: Wave, previous: Wave | undefined, context: Partial<JudgeInput>): JudgeInput {
  return {
    released: observations('surface-2', released),
    ...(previous && { previous: observations('surface-1', previous) }),
    limits: LIMITS,
    minimumResults: 60,
    deadlinePassed: false,
    decisionTimeoutSeconds: 120,
    ...context,
  };
}

describe('[B2] the verdict on a wave', () => {
  test.each(CASES)('%s', (_, released, previous, context, verdict, reason) => {
    const judgement = judge(inputOf(released, previous, context));
    expect({ verdict: judgement.verdict, reasons: judgement.reasons.join(' ') }).toEqual({
      verdict,
      reasons: expect.stringMatching(
        typeof reason === 'string' ? reason.replaceAll(/[.()]/g, '\\$&') : reason,
      ),
    });
  });

  test('an open episode does not hide the disagreement', () => {
    const { numbers } = judge(inputOf({ results: 1000, compared: 200, disagreed: 150 }, HEALTHY, drifting));
    expect(numbers).toMatchObject({ disagreement: 0.75, shadowed: 200 });
  });

  test('the numbers can be stored and sent as JSON', () => {
    for (const [, released, previous, context] of CASES) {
      const { numbers } = judge(inputOf(released, previous, context));
      expect(Object.values(numbers).every(Number.isFinite)).toBe(true);
    }
  });
});

const wave = fc
  .record({
    results: fc.integer({ min: 0, max: 3000 }),
    invalid: fc.double({ min: 0, max: 1, noNaN: true }),
    disagreed: fc.nat(100),
  })
  .map(
    ({ results, invalid, disagreed }): Wave => ({
      results,
      invalid: Math.floor(results * invalid),
      compared: 100,
      disagreed,
    }),
  );

describe('whatever a wave reports', () => {
  test('no release goes on without enough results', () => {
    fc.assert(
      fc.property(wave, wave, fc.boolean(), (released, previous, deadlinePassed) => {
        fc.pre(released.results < 60);
        expect(judge(inputOf(released, previous, { deadlinePassed })).verdict).not.toBe('PROMOTE');
      }),
    );
  });

  test('after the deadline nobody waits', () => {
    fc.assert(
      fc.property(wave, wave, (released, previous) => {
        expect(judge(inputOf(released, previous, late)).verdict).not.toBe('WAIT');
      }),
    );
  });

  test('more invalid results never make a release better', () => {
    const rank = { PROMOTE: 0, WAIT: 1, ROLL_BACK: 2 };
    fc.assert(
      fc.property(wave, wave, fc.nat(3000), (released, previous, more) => {
        const worse = { ...released, invalid: Math.min(released.results, (released.invalid ?? 0) + more) };
        const before = judge(inputOf(released, previous, {})).verdict;
        expect(rank[judge(inputOf(worse, previous, {})).verdict]).toBeGreaterThanOrEqual(rank[before]);
      }),
    );
  });
});

describe('intervals', () => {
  // Wilson, E. B. (1927); values computed by hand from the formula.
  test.each([
    [0, 10, 0, 0.2775],
    [5, 10, 0.2366, 0.7634],
    [10, 10, 0.7225, 1],
  ])('%i of %i lies between %d and %d', (count, of, lower, upper) => {
    const share = shareOf(count, of);
    expect(share?.lower).toBeCloseTo(lower, 4);
    expect(share?.upper).toBeCloseTo(upper, 4);
  });

  test('there is no share of nothing', () => expect(shareOf(0, 0)).toBeUndefined());

  test('more latencies make the median surer', () => {
    const values = (count: number) =>
      histogramOf(
        'latency',
        Array.from({ length: count }, (_, index) => (index % 20) / 10),
      );
    const [few, many] = [medianLatency(values(40)), medianLatency(values(4000))];
    expect(few.lower).toBeLessThan(many.lower);
    expect(few.upper).toBeGreaterThan(many.upper);
    expect(many.lower).toBeLessThanOrEqual(many.value);
  });

  // Newcombe (1998), table II, method 10: 56/70 - 48/80 gives 0.0524 to 0.3339.
  test('the difference of two shares', () => {
    const [before, after] = [shareOf(56, 70), shareOf(48, 80)];
    if (!before || !after) throw new Error('no shares');
    const { value, lower, upper } = dropBetween(before, after);
    expect(value).toBeCloseTo(0.2, 6);
    expect(lower).toBeCloseTo(0.0524, 4);
    expect(upper).toBeCloseTo(0.3339, 4);
  });
});
