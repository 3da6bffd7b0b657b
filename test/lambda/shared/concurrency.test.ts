import { mapConcurrently } from '../../../lambda/shared/concurrency';

test('work in parallel keeps its order and its bound, and stops at the first error', async () => {
  let [open, most] = [0, 0];
  const doubled = await mapConcurrently([1, 2, 3, 4, 5, 6], 2, async (value) => {
    most = Math.max(most, ++open);
    await new Promise(setImmediate);
    open--;
    return value * 2;
  });
  expect(doubled).toEqual([2, 4, 6, 8, 10, 12]);
  expect(most).toBe(2);
  const begun: number[] = [];
  const failing = mapConcurrently([1, 2, 3, 4], 1, async (value) => {
    begun.push(value);
    if (value === 2) throw new Error('two');
  });
  await expect(failing).rejects.toThrow('two');
  expect(begun).toEqual([1, 2]);
});
