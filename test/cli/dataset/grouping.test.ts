import fc from 'fast-check';
import { groupDuplicates } from '../../../cli/dataset/group-duplicates';
import { groupByExpression, groupByPrefix, identifierOf } from '../../../cli/dataset/group-rule';
import { problemsOf } from '../../../contracts';

const isIdentifier = (id: string) =>
  !problemsOf('dataset-item', { id }).some((problem) => problem.startsWith('id:'));

describe('identifiers', () => {
  test.each([
    ['good/part-7_left', 'good.part-7_left'],
    ['IMG 001 (2)', /^IMG_001__2_-[0-9a-f]{8}$/],
    ['...', /^-[0-9a-f]{8}$/],
    ['Stück', /^St_ck-[0-9a-f]{8}$/],
  ])('%s', (text, expected) => {
    expect(identifierOf(text)).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    );
  });

  test('any text has one, and texts that differ in more than a slash for a dot have different ones', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string({ maxLength: 300 }),
        (one, other) => {
          expect(isIdentifier(identifierOf(one))).toBe(true);
          const same = one.replaceAll('/', '.') === other.replaceAll('/', '.');
          expect(identifierOf(one) === identifierOf(other) && !same).toBe(false);
        },
      ),
    );
  });
});

describe('group rules', () => {
  test.each([
    ['good/part7_left.jpg', String.raw`([^/]+)_\w+\.jpg$`, 'part7'],
    ['good/part7_left.jpg', 'part[0-9]+', 'part7'],
    ['good/part7_left.jpg', String.raw`^([^/]+/part\d+)`, 'good/part7'],
    ['good/other.jpg', String.raw`part\d+`, undefined],
    ['good/other.jpg', '(x*)o', undefined],
  ])('%s by the expression %s is %s', (path, expression, group) => {
    expect(groupByExpression(expression)(path)).toBe(group);
  });

  test.each([
    ['good/part7_left_2.jpg', '_', 'part7'],
    ['good_set/part7.jpg', '_', undefined],
    ['good/_left.jpg', '_', undefined],
    ['part-7--left.jpg', '--', 'part-7'],
  ])('%s up to %s is %s', (path, separator, group) => {
    expect(groupByPrefix(separator)(path)).toBe(group);
  });

  test('what is no rule is refused', () => {
    expect(() => groupByExpression('(')).toThrow(/^--group-by: Invalid regular expression/);
    expect(() => groupByPrefix('')).toThrow('--group-by-prefix: must not be empty');
  });
});

describe('grouping duplicates', () => {
  const item = (id: string, groupId: string, day = 1) => ({
    id,
    groupId,
    capturedAt: `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`,
  });

  test('whole groups join under the group of the earliest photograph', () => {
    const items = [
      item('a', 'new', 9),
      item('b', 'old', 2),
      item('c', 'old', 8),
      item('d', 'far'),
      item('e', 'new', 7),
    ];
    expect(groupDuplicates(items, [[2, 4]])).toEqual(['old', 'old', 'old', 'far', 'old']);
  });

  test('an item that is added later does not move the earlier ones', () => {
    const before = [item('a', 'm', 1), item('b', 'k', 2)];
    const groups = groupDuplicates(before, [[0, 1]]);
    const after = groupDuplicates([...before, item('c', 'a', 3)], [[0, 1, 2]]);
    expect(after.slice(0, 2)).toEqual(groups);
  });

  test('duplicates and views of a part share a group; groups that no duplicate touches stay', () => {
    const group = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
    const items = fc.array(
      fc
        .record({ groupId: group, day: fc.integer({ min: 1, max: 28 }) })
        .map(({ groupId, day }) => item('x', groupId, day)),
      { minLength: 1, maxLength: 15 },
    );
    const cases = items.chain((given) =>
      fc.tuple(
        fc.constant(given),
        fc.array(fc.uniqueArray(fc.nat(given.length - 1), { minLength: 1, maxLength: 4 }), { maxLength: 3 }),
      ),
    );
    fc.assert(
      fc.property(cases, ([given, clusters]) => {
        const groups = groupDuplicates(given, clusters);
        for (const cluster of clusters) expect(new Set(cluster.map((index) => groups[index])).size).toBe(1);
        const touched = new Set(clusters.flat().map((index) => given[index]?.groupId));
        for (const [index, { groupId }] of given.entries()) {
          if (!touched.has(groupId)) expect(groups[index]).toBe(groupId);
          for (const [other, sibling] of given.entries()) {
            if (sibling.groupId === groupId) expect(groups[other]).toBe(groups[index]);
          }
        }
      }),
    );
  });
});
