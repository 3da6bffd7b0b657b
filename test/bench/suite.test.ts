import type { Benchmark, Figure } from '../../bench/figure';
import { countOf } from '../../bench/measure';
import { suiteOf } from '../../bench/suite';

interface Context {
  readonly log: string[];
  close(): Promise<void>;
}

/** Whether the machine is quiet, by look. */
type Looks = readonly boolean[];

const goal = (id: string) => ({ id, what: id, goal: 1, better: 'lower' as const });

/** Measures every figure that it is asked for as its position. */
const benchmark = (...ids: string[]): Benchmark<Context> => ({
  figures: ids.map(goal),
  measure: async ({ log }, wanted) => {
    log.push(`measure ${[...wanted].join(' ')}`);
    return new Map(ids.map((id, index) => [id, countOf(index, 'counted')]));
  },
});

async function run(
  benchmarks: readonly Benchmark<Context>[],
  wanted: readonly string[],
  looks: Looks = [true],
) {
  const log: string[] = [];
  const figures: Figure[] = [];
  const disturbed: string[] = [];
  const left = [...looks];
  const look = async () => (left.length > 1 ? left.shift() : left[0]) as boolean;
  const suite = suiteOf('what it is', benchmarks, async () => {
    log.push('prepare');
    return { log, close: async () => void log.push('close') };
  });
  const outcome = await suite
    .run(new Set(wanted), {
      isQuietBefore: () => {
        log.push('look');
        return look();
      },
      isQuietAfter: look,
      onFigure: (figure, isUndisturbed) => {
        figures.push(figure);
        if (!isUndisturbed) disturbed.push(figure.id);
      },
    })
    .catch((error: Error) => error.message);
  return { log, ids: figures.map(({ id }) => id), disturbed, outcome };
}

test('only the benchmarks that are asked for run, between preparing and closing', async () => {
  const { log, ids } = await run(
    [benchmark('G1-a', 'G1-b'), benchmark('G2'), benchmark('G3')],
    ['G1-b', 'G3'],
  );
  expect(log).toEqual(['prepare', 'look', 'measure G1-b', 'look', 'measure G3', 'close']);
  expect(ids).toEqual(['G1-b', 'G3']);
});

test('a benchmark that leaves a figure out is found, and everything is closed', async () => {
  const forgetful: Benchmark<Context> = { figures: [goal('G1')], measure: async () => new Map() };
  const { log, outcome } = await run([forgetful], ['G1']);
  expect(outcome).toBe('G1: its benchmark has not measured it');
  expect(log.at(-1)).toBe('close');
});

test('a figure is disturbed when the machine was busy before or after its benchmark', async () => {
  const benchmarks = [benchmark('G1'), benchmark('G2'), benchmark('G3')];
  const looks = [false, true, true, false, true, true];
  expect((await run(benchmarks, ['G1', 'G2', 'G3'], looks)).disturbed).toEqual(['G1', 'G2']);
});

test('where nothing is timed, nobody has to wait', async () => {
  const { log, disturbed } = await run([{ ...benchmark('G1'), onlyCounts: true }], ['G1'], [false]);
  expect(log).toEqual(['prepare', 'measure G1', 'close']);
  expect(disturbed).toEqual([]);
});
