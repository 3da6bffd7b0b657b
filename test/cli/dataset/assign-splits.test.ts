import fc from 'fast-check';
import {
  assignSplits,
  type SplittableItem,
  splitConflicts,
  stratify,
} from '../../../cli/dataset/assign-splits';
import { SPLITS, type Split, splitOf } from '../../../lambda/dataset/split';

const item = (groupId: string, label: string, split?: Split): SplittableItem => ({ groupId, label, split });
const many = (count: number, label: string, split?: Split) =>
  Array.from({ length: count }, (_, index) => item(`${label}-${split ?? ''}-${index}`, label, split));

/** Items by class and split. */
function counts(items: readonly SplittableItem[], places: readonly { readonly split: Split }[]) {
  const found: Record<string, Record<Split, number>> = {};
  for (const [index, { label }] of items.entries()) {
    found[label] ??= { train: 0, validation: 0, test: 0 };
    const { split } = places[index] as { split: Split };
    (found[label] as Record<Split, number>)[split] += 1;
  }
  return found;
}

describe('[B27] how items come into splits', () => {
  test('hash: by the group, and the manifest says nothing of it', () => {
    const items = many(20, 'good');
    expect(assignSplits(items, 'hash', 0).places).toEqual(
      items.map(({ groupId }) => ({ split: splitOf(groupId), given: false })),
    );
  });

  test('given: as the source says; what it leaves open is hashed', () => {
    const items = [item('a', 'good', 'test'), item('b', 'good', 'validation'), item('c', 'dent')];
    expect(assignSplits(items, 'given', 0).places).toEqual([
      { split: 'test', given: true },
      { split: 'validation', given: true },
      { split: splitOf('c'), given: false },
    ]);
  });

  test('given train and test: validation is held out of train, evenly by class, and test stays as it is', () => {
    const items = [
      ...[...many(85, 'good', 'train'), ...many(17, 'dent', 'train')],
      ...[...many(10, 'good', 'test'), ...many(4, 'dent', 'test')],
    ];
    const { places, notes } = assignSplits(items, 'given', 0);
    expect(counts(items, places)).toEqual({
      good: { train: 70, validation: 15, test: 10 },
      dent: { train: 14, validation: 3, test: 4 },
    });
    expect(notes).toEqual([
      'the source has no validation split: 18 of 102 groups of train are held out for it',
    ]);
  });

  test('given: a group in several splits comes into the one that is not trained on, and is named', () => {
    const items = [item('a', 'good', 'train'), item('a', 'good', 'test'), item('b', 'dent', 'validation')];
    expect(assignSplits(items, 'given', 0).places.map(({ split }) => split)).toEqual([
      'test',
      'test',
      'validation',
    ]);
    expect(splitConflicts(items)).toEqual([
      "the source puts views of one part into several splits: 'a' into train and test; divide anew with --split stratified",
    ]);
    expect(splitConflicts(items.slice(1))).toEqual([]);
  });

  test('stratified: the shares of the hash in each class, and at least one in each split', () => {
    const items = [...many(100, 'good'), ...many(20, 'dent'), ...many(3, 'crack')];
    expect(counts(items, assignSplits(items, 'stratified', 0).places)).toEqual({
      good: { train: 70, validation: 15, test: 15 },
      dent: { train: 14, validation: 3, test: 3 },
      crack: { train: 1, validation: 1, test: 1 },
    });
  });

  test('stratified: another seed is another division, the same seed the same one', () => {
    const items = many(60, 'good');
    const of = (seed: number) => assignSplits(items, 'stratified', seed).places.map(({ split }) => split);
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });
});

/** Groups that show one class or several. */
const groups = fc
  .array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 2 }), {
    maxLength: 40,
  })
  .map((labels) => new Map(labels.map((shown, index) => [`g${index}`, new Set(shown)])));

test('[B27] every group has one split, and a class of three parts of its own is in every split', () => {
  fc.assert(
    fc.property(groups, fc.nat(5), (given, seed) => {
      const places = stratify(given, { train: 0.7, validation: 0.15, test: 0.15 }, seed);
      expect([...places.keys()].sort()).toEqual([...given.keys()].sort());
      const alone = new Map<string, string[]>();
      for (const [groupId, labels] of given) {
        if (labels.size === 1)
          alone.set([...labels].join(), [...(alone.get([...labels].join()) ?? []), groupId]);
      }
      const isMixed = [...given.values()].some(({ size }) => size > 1);
      for (const members of alone.values()) {
        if (isMixed || members.length < SPLITS.length) continue;
        expect(new Set(members.map((groupId) => places.get(groupId))).size).toBe(SPLITS.length);
      }
    }),
  );
});
