import { goldenSampleProblem } from '../../../../edge-components/inference/src/releases/golden-samples';

const sample = { file: 'golden-0.png', probabilities: { fp32: [0.9, 0.1] }, novelty: { fp32: 0.5 } };
const release = { novelty: { outputName: 'novelty', limits: { fp32: 1 } } };
const probabilities = [0.9, 0.1];

test.each<[string, number | undefined, string | undefined]>([
  ['as the cloud computed it', 0.5, undefined],
  ['within a tenth of the limit', 0.59, undefined],
  ['further away', 0.61, 'score of novelty is 0.6100 instead of 0.5000'],
  ['no number', Number.NaN, 'score of novelty is NaN instead of 0.5000'],
  ['missing', undefined, 'score of novelty is NaN instead of 0.5000'],
])('a score of novelty, %s', (_, novelty, message) => {
  const problem = goldenSampleProblem(
    sample,
    'fp32',
    { probabilities, ...(novelty !== undefined && { novelty }) },
    release,
  );
  expect(problem?.message.replace('fp32, golden-0.png: ', '')).toEqual(
    message && `${message}, tolerance 0.10`,
  );
  if (problem) expect(problem.code).toBe('GOLDEN_SAMPLE_MISMATCH');
});

test('a large score may differ by a tenth of itself', () => {
  const large = { ...sample, novelty: { fp32: 30 } };
  expect(goldenSampleProblem(large, 'fp32', { probabilities, novelty: 32 }, release)).toBeUndefined();
  expect(goldenSampleProblem(large, 'fp32', { probabilities, novelty: 34 }, release)).toBeDefined();
});

test('a release without a score asks for none', () => {
  const { novelty: _, ...older } = sample;
  expect(goldenSampleProblem(older, 'fp32', { probabilities }, {})).toBeUndefined();
});
