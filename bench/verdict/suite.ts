/**
 * What the verdict costs and what it lets pass. Nothing is timed.
 */
import type { Benchmark, Spread } from '../figure';
import { type Suite, suiteOf } from '../suite';
import { VerdictContext } from './frames';
import { outcomeOf } from './outcome';

/** Counted once: nothing of it depends on time. */
const counted = (minimum: number, maximum: number): Spread => ({ minimum, maximum, rounds: 1 });

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const cost: Benchmark<VerdictContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'V1',
      what: 'cost per 1,000 parts with the chosen thresholds / with the best there are, at the worst of three yields',
      goal: 1.1,
      better: 'lower',
    },
  ],
  async measure({ costs }) {
    const ratios = costs.map(({ chosen, oracle }) => mean(chosen) / oracle);
    return new Map([
      [
        'V1',
        {
          value: Math.max(...ratios),
          spread: counted(Math.min(...ratios), Math.max(...ratios)),
          method: `escape : false reject : review = 100 : 1 : 0.5; mean over ${costs[0]?.chosen.length} validation splits of 400 frames, judged on 3,600 others`,
          table: {
            columns: [
              'good parts',
              'the best there are',
              'chosen',
              'searched on the split',
              'by 95 % precision',
            ],
            rows: costs.map(({ goodShare, oracle, chosen, searched, precision }) => [
              percent(goodShare),
              ...[oracle, mean(chosen), mean(searched), precision].map((one) => one.toFixed(1)),
            ]),
          },
        },
      ],
    ]);
  },
};

const shifts: Benchmark<VerdictContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'V2',
      what: 'share of defective parts that pass, in the worst of eight changes of light, optics and camera',
      goal: 0.02,
      better: 'lower',
    },
    {
      id: 'V3',
      what: 'share of good parts of the unchanged line that a person has to look at',
      goal: 0.05,
      better: 'lower',
    },
  ],
  async measure(context) {
    const { release } = context;
    const rows = context.shifts.map((shift) => {
      const frames = context.frames(shift);
      return { shift, before: outcomeOf(frames, release, false), after: outcomeOf(frames, release, true) };
    });
    const escapes = rows.map(({ after }) => after.escapes);
    const line = context.frames('normal');
    const steady = outcomeOf(line, release, true);
    return new Map([
      [
        'V2',
        {
          value: Math.max(...escapes),
          spread: counted(Math.min(...escapes), Math.max(...escapes)),
          method: `${context.shifts.length} changes of one cause each; thresholds for 98 % good parts and at most 2 % escapes; novel frames go to review`,
          table: {
            columns: ['change', 'escapes', 'without novelty', 'good parts in review', 'without novelty'],
            rows: [{ shift: 'none', before: outcomeOf(line, release, false), after: steady }, ...rows].map(
              ({ shift, before, after }) => [
                shift,
                percent(after.escapes),
                percent(before.escapes),
                percent(after.reviewedGoods),
                percent(before.reviewedGoods),
              ],
            ),
          },
        },
      ],
      [
        'V3',
        {
          value: steady.reviewedGoods,
          spread: counted(steady.reviewedGoods, steady.reviewedGoods),
          method: `uncertain or novel; false rejects ${percent(steady.falseRejects)}, escapes ${percent(steady.escapes)}`,
        },
      ],
    ]);
  },
};

export const verdictSuite: Suite = suiteOf(
  'the verdict: what it costs, and what passes when the line changes',
  [cost, shifts],
  VerdictContext.prepare,
);
