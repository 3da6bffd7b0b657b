import fc from 'fast-check';
import vectors from '../../../contracts/examples/split.json';
import { splitOf } from '../../../lambda/dataset/split';

describe('split of a group', () => {
  test.each(vectors.cases)('the golden vector $groupId is in $split', ({ groupId, split }) => {
    expect(splitOf(groupId)).toBe(split);
  });

  test('groups spread over the splits as they should', () => {
    const counts = { train: 0, validation: 0, test: 0 };
    for (let index = 0; index < 10_000; index++) counts[splitOf(`group-${index}`)] += 1;
    expect(counts.train / 10_000).toBeCloseTo(0.7, 1);
    expect(counts.validation / 10_000).toBeCloseTo(0.15, 1);
    expect(counts.test / 10_000).toBeCloseTo(0.15, 1);
  });

  test('depends on nothing but the id', () => {
    fc.assert(fc.property(fc.string(), (groupId) => expect(splitOf(groupId)).toBe(splitOf(groupId))));
  });
});
