import { busyShare } from '../../bench/machine';

test.each([
  [{ busy: 0, total: 0 }, { busy: 30, total: 100 }, 0.3],
  [{ busy: 50, total: 100 }, { busy: 50, total: 200 }, 0],
  [{ busy: 50, total: 100 }, { busy: 50, total: 100 }, 0],
])('between %j and %j the processor was busy for %d of the time', (before, after, expected) => {
  expect(busyShare(before, after)).toBeCloseTo(expected, 12);
});
