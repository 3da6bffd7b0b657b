import type { Benchmark, Figure } from '../../bench/figure';
import { countOf } from '../../bench/measure';
import { suiteOf } from '../../bench/suite';

interface Context {
  readonly log: string[];
  close(): Promise<void>;
}

const goal = (id: string) => ({ id, what: id, goal: 1, better: 'lower' as const });

/** Measures every figure that it is asked for as its position. */
const benchmark = (...ids: string[]): Benchmark<Context> => ({
  figures: ids.map(goal),
  measure: async ({ log }, wanted) => {
    log.push(`measure ${[...wanted].join(' ')}`);
    return new Map(ids.map((id, index) => [id, countOf(index, 'counted')]));
  },
});

async function run(benchmarks: readonly Benchmark<Context>[], wanted: readonly string[]) {
  const log: string[] = [];
  const figures: Figure[] = [];
  const suite = suiteOf('what it is', benchmarks, async () => {
    log.push('prepare');
    return { log, close: async () => void log.push('close') };
  });
  const outcome = await suite
    .run(new Set(wanted), {
      onPrepared: async () => void log.push('prepared'),
      onFigure: (figure) => figures.push(figure),
    })
    .catch((error: Error) => error.message);
  return { log, ids: figures.map(({ id }) => id), outcome };
}

test('only the benchmarks that are asked for run, between preparing and closing', async () => {
  const { log, ids } = await run(
    [benchmark('G1-a', 'G1-b'), benchmark('G2'), benchmark('G3')],
    ['G1-b', 'G3'],
  );
  expect(log).toEqual(['prepare', 'prepared', 'measure G1-b', 'measure G3', 'close']);
  expect(ids).toEqual(['G1-b', 'G3']);
});

test('a benchmark that leaves a figure out is found, and everything is closed', async () => {
  const forgetful: Benchmark<Context> = { figures: [goal('G1')], measure: async () => new Map() };
  const { log, outcome } = await run([forgetful], ['G1']);
  expect(outcome).toBe('G1: its benchmark has not measured it');
  expect(log.at(-1)).toBe('close');
});
