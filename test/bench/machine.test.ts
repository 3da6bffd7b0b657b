import { busyShare, describeMachine, vectorInstructions, waitUntilQuiet } from '../../bench/machine';

test.each([
  [{ busy: 0, total: 0 }, { busy: 30, total: 100 }, 0.3],
  [{ busy: 50, total: 100 }, { busy: 50, total: 200 }, 0],
  [{ busy: 50, total: 100 }, { busy: 50, total: 100 }, 0],
])('between %j and %j the processor was busy for %d of the time', (before, after, expected) => {
  expect(busyShare(before, after)).toBeCloseTo(expected, 12);
});

test.each([
  [
    'model name\t: EPYC\nflags\t\t: fpu avx2 avx512_vnni avx512f\nbugs\t\t: avx2\n',
    ['avx2', 'avx512f', 'avx512_vnni'],
  ],
  ['flags\t\t: fpu avx2 avx2x\n', ['avx2']],
  ['Features\t: fp asimd asimddp\n', ['asimddp']],
  ['', []],
])('of %j the benchmarks name %j', (cpuInfo, expected) => {
  expect(vectorInstructions(cpuInfo)).toEqual(expected);
});

test('[B27] F29: a machine without /proc/cpuinfo has a description, too', () => {
  expect(describeMachine('/nowhere/cpuinfo')).toMatch(/^[^()]+(\([^)]*\)[^()]*)*, \d+ cores, Node\.js \d+/);
});

describe('waiting for a quiet machine', () => {
  /** Looks that see these shares; each takes a second. */
  async function wait(shares: readonly number[], longestSeconds: number) {
    let looks = 0;
    const told: number[] = [];
    const isQuiet = await waitUntilQuiet(
      longestSeconds * 1000,
      (busy) => told.push(busy),
      async () => shares[Math.min(looks++, shares.length - 1)] as number,
      () => looks * 1000,
    );
    return { isQuiet, looks, told };
  }

  test('ends with the first quiet look', async () => {
    expect(await wait([0.02, 1], 60)).toEqual({ isQuiet: true, looks: 1, told: [] });
  });

  test('says once what it waits for', async () => {
    expect(await wait([0.9, 0.8, 0.05], 60)).toEqual({ isQuiet: true, looks: 3, told: [0.9] });
  });

  test('gives up when the time is over', async () => {
    expect(await wait([0.9], 5)).toEqual({ isQuiet: false, looks: 5, told: [0.9] });
  });

  test('looks only once when there is no time', async () => {
    expect(await wait([0.9], 0)).toEqual({ isQuiet: false, looks: 1, told: [] });
  });
});
