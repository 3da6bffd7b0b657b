import { residentBytes } from '../../demo/memory-sampler';

test('sums a process and all its descendants, and nobody else', () => {
  const processes = new Map([
    [1, { parent: 0, bytes: 1000 }],
    [10, { parent: 1, bytes: 1 }],
    [11, { parent: 10, bytes: 2 }],
    [12, { parent: 11, bytes: 4 }],
    [20, { parent: 1, bytes: 8 }],
  ]);
  expect(residentBytes(10, processes)).toBe(7);
});
