/** What second opinions are worth: which parts they decide, what passes on them, and what they cost. */
import { usdOfQuestions } from '../../demo/question-price';
import { questionBytes } from '../../demo/sent-bytes';
import type { Benchmark, Spread } from '../figure';
import { interleave, milliseconds, ratioOf, significant } from '../measure';
import { runMilliseconds } from '../run-times';
import { type Suite, suiteOf } from '../suite';
import { VARIANT } from '../verdict/frames';
import { SecondOpinionContext } from './frames';
import { costOf, type SecondOutcome, secondOutcome } from './outcome';

/** As in verdict_frames.py and config/prod.ts. */
const GOOD_SHARE = 0.98;
const COSTS = { escape: 100, falseReject: 1, review: 0.5 };

/** Counted once: nothing of it depends on time. */
const counted = (value: number): { value: number; spread: Spread } => ({
  value: significant(value),
  spread: { minimum: significant(value), maximum: significant(value), rounds: 1 },
});

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Of the line's parts, not of the set's. */
const ofParts = (goods: number, defects: number): number => GOOD_SHARE * goods + (1 - GOOD_SHARE) * defects;

const costs = ({ alone, asking }: SecondOutcome) => ({
  alone: costOf(alone, GOOD_SHARE, COSTS),
  asking: costOf(asking, GOOD_SHARE, COSTS),
});

const reviewed = ({ alone, asking }: SecondOutcome) => ({
  alone: ofParts(alone.reviewedGoods, alone.reviewedDefects),
  asking: ofParts(asking.reviewedGoods, asking.reviewedDefects),
});

const row = (name: string, outcome: SecondOutcome): string[] => [
  name,
  percent(outcome.alone.escapes),
  percent(outcome.asking.escapes),
  percent(outcome.alone.falseRejects),
  percent(outcome.asking.falseRejects),
  percent(reviewed(outcome).alone),
  percent(reviewed(outcome).asking),
  costs(outcome).alone.toFixed(1),
  costs(outcome).asking.toFixed(1),
];

const worth: Benchmark<SecondOpinionContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'O1',
      what: 'cost per 1,000 parts of the steady line, with second opinions that may pass / without',
      goal: 1,
      better: 'lower',
    },
    {
      id: 'O2',
      what: 'share of defective parts that pass, with second opinions that may pass',
      goal: 0.02,
      better: 'lower',
    },
    {
      id: 'O3',
      what: 'of the parts that would go to a person, the share that second opinions decide',
      goal: 0.3,
      better: 'higher',
    },
    {
      id: 'O4',
      what: 'share of the frames that the cloud is asked about',
      goal: 0.08,
      better: 'lower',
    },
    { id: 'O5', what: 'USD for the questions of 1,000 frames', goal: 0.001, better: 'lower' },
  ],
  async measure(context) {
    const steady = context.frames('normal');
    const passing = secondOutcome(steady, context.release(true), VARIANT);
    const strict = secondOutcome(steady, context.release(false), VARIANT);
    const { alone, asking } = costs(passing);
    const looks = reviewed(passing);
    const asked = ofParts(passing.askedGoods, passing.askedDefects);
    const bytes = steady.reduce((sum, frame) => sum + questionBytes(frame.bytes), 0) / steady.length;
    return new Map([
      [
        'O1',
        {
          ...counted(asking / alone),
          method: `${steady.length} frames, weighed to ${percent(GOOD_SHARE)} good parts; escape : false reject : review = 100 : 1 : 0.5: ${alone.toFixed(1)} without, ${asking.toFixed(1)} with; where no part may pass on an answer, ${costs(strict).asking.toFixed(1)}`,
          table: {
            columns: [
              'line, what answers may do',
              'escapes without',
              'with',
              'false rejects without',
              'with',
              'review without',
              'with',
              'cost without',
              'with',
            ],
            rows: [
              row('steady, pass and reject', passing),
              row('steady, only reject', strict),
              ...context.shifts.map((shift) =>
                row(
                  `${shift}, pass and reject`,
                  secondOutcome(context.frames(shift), context.release(true), VARIANT),
                ),
              ),
            ],
          },
        },
      ],
      [
        'O2',
        {
          ...counted(passing.asking.escapes),
          method: `${percent(passing.alone.escapes)} without; no frame passes that is new to the release`,
        },
      ],
      [
        'O3',
        {
          ...counted(1 - looks.asking / looks.alone),
          method: `${percent(looks.alone)} of the parts go to a person without, ${percent(looks.asking)} with; of those that are asked about the device names ${percent(passing.rightAlone)} rightly, the larger network ${percent(passing.rightAsking)}`,
        },
      ],
      [
        'O4',
        {
          ...counted(asked),
          method: 'all that go to a person and that a graph could answer; budgets and pace bound it further',
        },
      ],
      [
        'O5',
        {
          ...counted(usdOfQuestions(1000 * asked, bytes)),
          method: `${Math.round(1000 * asked)} questions of ${Math.round(bytes)} bytes, a quarter of a second of a function of 1 GB each, by the prices of kaizen cost`,
        },
      ],
    ]);
  },
};

const ROUNDS = 9;
const RUNS = 100;

const time: Benchmark<SecondOpinionContext> = {
  figures: [
    {
      id: 'O6',
      what: 'time of the graph in the cloud / of the fp32 graph of the device, one thread',
      goal: 10,
      better: 'lower',
    },
  ],
  async measure(context) {
    const { images } = context;
    const [device, cloud] = [await context.device('fp32'), await context.cloud()];
    const rounds = await interleave(ROUNDS, {
      device: () => runMilliseconds(device, images, RUNS),
      cloud: () => runMilliseconds(cloud, images, RUNS),
    });
    const method = `MobileNetV2 1.0 beside 0.35, Node.js: ${milliseconds(rounds.cloud)} against ${milliseconds(rounds.device)}`;
    return new Map([['O6', ratioOf(rounds.cloud, rounds.device, method)]]);
  },
};

export const secondOpinionSuite: Suite = suiteOf(
  'second opinions: what the larger network decides, and what it costs',
  [worth, time],
  SecondOpinionContext.prepare,
);
