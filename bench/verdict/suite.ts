/** What the verdict costs and what it lets pass; and what the score of novelty takes of a graph's time. */
import type { Benchmark, Spread } from '../figure';
import { interleave, milliseconds, ratioOf, significant } from '../measure';
import { runMilliseconds } from '../run-times';
import { type Suite, suiteOf } from '../suite';
import { PLANT_TRAINING, VerdictContext } from './frames';
import { outcomeOf } from './outcome';

/** As in verdict_frames.py. */
const DRAWN_FRAMES = 400;

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
  async measure(context) {
    const { costs } = context;
    const judged = context.frames('normal').length - DRAWN_FRAMES;
    const ratios = costs.map(({ chosen, oracle }) => mean(chosen) / oracle);
    return new Map([
      [
        'V1',
        {
          value: Math.max(...ratios),
          spread: counted(Math.min(...ratios), Math.max(...ratios)),
          method: `escape : false reject : review = 100 : 1 : 0.5; mean over ${costs[0]?.chosen.length} validation splits of ${DRAWN_FRAMES} frames, judged on ${judged.toLocaleString('en')} others; the best thresholds of one half of the frames cost ${significant(Math.max(...costs.map(({ luck }) => luck)))} times the other half's own best there, at most`,
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
      return {
        shift,
        count: frames.length,
        before: outcomeOf(frames, release, false),
        after: outcomeOf(frames, release, true),
      };
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
          method: `${context.shifts.length} changes of one cause each, ${rows[0]?.count.toLocaleString('en')} frames of each; trained as config/prod.ts does (${PLANT_TRAINING.epochs} epochs, width ${PLANT_TRAINING.widthMultiplier}); thresholds for 98 % good parts and at most 2 % escapes; novel frames go to review`,
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

const ROUNDS = 9;
const RUNS = 200;
const VARIANTS = ['fp32', 'int8'] as const;

const time: Benchmark<VerdictContext> = {
  figures: VARIANTS.map((variant) => ({
    id: `V4-${variant}`,
    what: `time of the ${variant} graph with the outputs novelty and embedding / without, one thread`,
    goal: 1.05,
    better: 'lower',
  })),
  async measure(context) {
    const { images } = context;
    const of = async (variant: (typeof VARIANTS)[number]) => {
      const [plain, further] = [await context.session(variant, true), await context.session(variant, false)];
      const rounds = await interleave(ROUNDS, {
        plain: () => runMilliseconds(plain, images, RUNS),
        further: () => runMilliseconds(further, images, RUNS),
      });
      const method = `MobileNetV2 ${PLANT_TRAINING.widthMultiplier} at 96, Node.js: ${milliseconds(rounds.further)} with, ${milliseconds(rounds.plain)} without`;
      return ratioOf(rounds.further, rounds.plain, method);
    };
    return new Map([
      ['V4-fp32', await of('fp32')],
      ['V4-int8', await of('int8')],
    ]);
  },
};

export const verdictSuite: Suite = suiteOf(
  'the verdict: what it costs, and what passes when the line changes',
  [cost, shifts, time],
  VerdictContext.prepare,
);
