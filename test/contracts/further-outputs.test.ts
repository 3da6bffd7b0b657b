import { furtherOutputProblems, type WithFurtherOutputs } from '../../contracts/further-outputs';

const release: WithFurtherOutputs = {
  classes: ['good', 'constructor'],
  input: { name: 'image', height: 8, width: 8, outputName: 'probabilities' },
  variants: [
    { name: 'fp32', file: 'fp32.onnx', precision: 'fp32' },
    { name: 'int8', file: 'int8.onnx', precision: 'int8' },
  ],
  goldenSamples: [{ file: 'golden-0.png', probabilities: {}, novelty: { fp32: 0.5, int8: 0.6 } }],
  novelty: { outputName: 'novelty', limits: { fp32: 1, int8: 1.1 } },
  embedding: {
    outputName: 'embedding',
    size: 2,
    reference: { good: { images: 40, mean: [0.5, -1] }, constructor: { images: 1, mean: [0, 3] } },
  },
};
const golden = { file: 'golden-0.png', probabilities: {} };
const { novelty: _, embedding: __, ...older } = { ...release, goldenSamples: [golden] };

test.each<[string, WithFurtherOutputs]>([
  ['both outputs', release],
  ['none, of before there were any', older],
  ['an embedding alone', { ...older, embedding: { outputName: 'embedding', size: 1 } }],
  [
    'an embedding of before there were references',
    { ...release, embedding: { outputName: 'embedding', size: 16 } },
  ],
])('right: %s', (_name, value) => {
  expect(furtherOutputProblems(value)).toEqual([]);
});

test.each<[string, Partial<WithFurtherOutputs>, string[]]>([
  [
    'a variant without a limit, and a limit without a variant',
    { novelty: { outputName: 'novelty', limits: { fp32: 1, int4: 1 } } },
    ["novelty.limits: none for variant 'int8'", "novelty.limits: 'int4' is no variant"],
  ],
  [
    'a name with two meanings',
    { embedding: { outputName: 'probabilities', size: 2 } },
    ["outputs: 'probabilities' has two meanings"],
  ],
  [
    'a reference to what is no class, and one of another size',
    {
      embedding: {
        outputName: 'embedding',
        size: 3,
        reference: { dent: { images: 4, mean: [1, 2, 3] }, good: { images: 4, mean: [1] } },
      },
    },
    [
      "embedding.reference: 'dent' is no class",
      "embedding.reference: 'good' has 1 numbers, an embedding has 3",
    ],
  ],
  [
    'a golden sample without the score of a variant',
    { goldenSamples: [{ ...golden, novelty: { fp32: 1 } }] },
    ["goldenSamples: 'golden-0.png' has no score of novelty of variant 'int8'"],
  ],
  [
    'a golden sample without scores',
    { goldenSamples: [golden] },
    [
      "goldenSamples: 'golden-0.png' has no score of novelty of variant 'fp32'",
      "goldenSamples: 'golden-0.png' has no score of novelty of variant 'int8'",
    ],
  ],
])('wrong: %s', (_name, change, problems) => {
  expect(furtherOutputProblems({ ...release, ...change })).toEqual(problems);
});

test('wrong: scores of a release that has none', () => {
  expect(furtherOutputProblems({ ...older, goldenSamples: release.goldenSamples })).toEqual([
    "goldenSamples: 'golden-0.png' has scores of novelty, the release has none",
  ]);
});
