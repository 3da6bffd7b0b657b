import fc from 'fast-check';
import type { ResultSecondOpinion } from '../../contracts';
import { secondOpinionFigures } from '../../demo/second-opinion-figures';
import { questionBytes } from '../../demo/sent-bytes';
import { observation } from './observation';

const COSTS = { escape: 100, falseReject: 1, review: 0.5 };
const free = () => 0;

const answer = (
  predictedClass: string,
  disposition: 'pass' | 'reject' | 'review',
  milliseconds: number,
): ResultSecondOpinion => ({
  outcome: 'answered',
  predictedClass,
  confidence: 0.9,
  disposition,
  decided: disposition !== 'review',
  milliseconds,
});
const unheard = (outcome: ResultSecondOpinion['outcome']): ResultSecondOpinion => ({
  outcome,
  decided: false,
  milliseconds: 2_000,
});

describe('[S10] second opinions in figures', () => {
  const seen = [
    observation({ at: 1, disposition: 'pass' }),
    observation({ at: 2, disposition: 'review' }),
    observation({ at: 3, disposition: 'review', invalid: true }),
    // Four that were decided: a good part passes, one is taken out, a defect is taken out, one escapes.
    observation({
      at: 4,
      predicted: 'dent',
      disposition: 'pass',
      secondOpinion: answer('good', 'pass', 100),
    }),
    observation({ at: 5, disposition: 'reject', secondOpinion: answer('dent', 'reject', 200) }),
    observation({
      at: 6,
      truth: 'dent',
      disposition: 'reject',
      secondOpinion: answer('dent', 'reject', 300),
    }),
    observation({ at: 7, truth: 'dent', disposition: 'pass', secondOpinion: answer('good', 'pass', 400) }),
    observation({ at: 8, disposition: 'review', secondOpinion: answer('good', 'review', 500) }),
    observation({ at: 9, disposition: 'review', secondOpinion: unheard('unanswered') }),
    observation({ at: 10, disposition: 'review', secondOpinion: unheard('late') }),
    observation({ at: 11, disposition: 'review', secondOpinion: unheard('over-budget') }),
    observation({ at: 12, disposition: 'review', secondOpinion: unheard('stopped') }),
  ];
  const figures = secondOpinionFigures(seen, COSTS, (questions, bytes) => questions * bytes);

  test('frames that nobody could answer are no reviewed ones; those that an answer decided are', () => {
    expect(figures).toMatchObject({ frames: 12, reviewed: 10, asked: 9 });
  });

  test('outcomes: what the device gave up and what the cloud called late are late alike', () => {
    expect(figures.outcomes).toEqual({ answered: 5, late: 2, overBudget: 1, other: 1 });
  });

  test('gain: looks that were saved, less what wrong decisions cost', () => {
    expect(figures.decided).toEqual({ goodPassed: 1, goodRejected: 1, defectsPassed: 1, defectsRejected: 1 });
    expect(figures.gain).toBeCloseTo(4 * 0.5 - 100 - 1, 12);
  });

  test('both networks are compared where both have answered', () => {
    // Frames 5, 7 and 8: the device says good of all but the first, the cloud is right of 4, 6 and 8.
    expect(figures.right).toEqual({ device: 2 / 5, cloud: 3 / 5 });
  });

  test('times are those of answers; bytes and price those of questions', () => {
    expect(figures).toMatchObject({ millisecondsP50: 300, millisecondsP95: 500 });
    expect(figures.bytes).toBe(9 * questionBytes(100));
    expect(figures.usdPerThousandFrames).toBeCloseTo((1000 * 9 * questionBytes(100)) / 12, 6);
  });

  test('of nothing is nothing', () => {
    expect(secondOpinionFigures([], COSTS, free)).toMatchObject({
      asked: 0,
      right: { device: null, cloud: null },
      gain: 0,
      millisecondsP50: null,
      usdPerThousandFrames: null,
    });
  });
});

test('[S10] [property] every question has one outcome, and only answers decide', () => {
  const opinion = fc.oneof(
    fc.constantFrom(answer('good', 'pass', 5), answer('dent', 'reject', 5), answer('dent', 'review', 5)),
    fc
      .constantFrom('unanswered', 'late', 'over-budget', 'not-deployed', 'unreadable', 'failed', 'unsent')
      .map((outcome) => unheard(outcome)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('good', 'dent'), opinion)), (asked) => {
      const seen = asked.map(([truth, secondOpinion], at) =>
        observation({
          at,
          truth,
          secondOpinion,
          disposition: secondOpinion.decided ? (secondOpinion.disposition ?? 'review') : 'review',
        }),
      );
      const { outcomes, decided, reviewed } = secondOpinionFigures(seen, COSTS, free);
      const sum = (counts: Record<string, number>) =>
        Object.values(counts).reduce((all, one) => all + one, 0);
      expect(sum(outcomes)).toBe(asked.length);
      expect(sum(decided)).toBe(asked.filter(([, { decided: is }]) => is).length);
      expect(reviewed).toBe(asked.length);
    }),
  );
});
