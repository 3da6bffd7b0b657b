import fc from 'fast-check';
import { spreadOver } from '../../demo/pictures';

test('every group has its turn before any has a second one', () => {
  expect(spreadOver([['a1', 'a2', 'a3', 'a4'], ['b1'], [], ['c1', 'c2']], 5)).toEqual([
    'a1',
    'b1',
    'c1',
    'a3',
    'c2',
  ]);
});

test('[property] no more than are wanted, none twice, and of every group that fits', () => {
  const groups = fc
    .array(fc.array(fc.constant(0)), { maxLength: 6 })
    .map((sizes) => sizes.map((group, index) => group.map((_, place) => `${index}/${place}`)));
  fc.assert(
    fc.property(groups, fc.integer({ min: 1, max: 12 }), (given, wanted) => {
      const drawn = spreadOver(given, wanted);
      expect(drawn.length).toBeLessThanOrEqual(wanted);
      expect(new Set(drawn).size).toBe(drawn.length);
      const full = given.filter((group) => group.length > 0);
      const seen = new Set(drawn.map((item) => item.split('/')[0]));
      expect(seen.size).toBe(Math.min(full.length, wanted));
    }),
  );
});
