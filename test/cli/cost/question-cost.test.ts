import fc from 'fast-check';
import { questionQuantities, questionsUsd } from '../../../cli/cost/question-cost';

const EACH = { bytes: 5_300, seconds: 0.25, memoryGigabytes: 1 };
const REGION = 'us-east-1';

test('[S10] by hand: a thousand questions of two metering units', () => {
  // 2 units of 5 KB at 1.3 USD a million, 0.25 GB-seconds, two writes, two messages, a request.
  const usd = 2 * 0.0013 + 0.25 * 0.0166667 + 2 * 0.000625 + 2 * 0.001 + 0.0002;
  expect(questionsUsd(1_000, EACH, REGION)).toBeCloseTo(usd, 9);
});

test('[S10] no question costs nothing', () => {
  expect(questionQuantities(0, EACH).every(([, , quantity]) => quantity === 0)).toBe(true);
});

test('[S10] [property] twice the questions cost twice as much, and a larger one never less', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 120_000 }), (questions, bytes) => {
      const usd = (count: number, size: number) => questionsUsd(count, { ...EACH, bytes: size }, REGION);
      expect(usd(2 * questions, bytes)).toBeCloseTo(2 * usd(questions, bytes), 6);
      expect(usd(questions, bytes + 5_120)).toBeGreaterThanOrEqual(usd(questions, bytes));
    }),
  );
});
