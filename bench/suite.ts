import type { Benchmark, Figure, FigureGoal } from './figure';

export interface SuiteListener {
  /** Everything is built; the measurements begin. */
  onPrepared(): Promise<void>;
  onFigure(figure: Figure): void;
}

/** A set of benchmarks that are run together and whose results are one file. */
export interface Suite {
  readonly what: string;
  readonly figures: readonly FigureGoal[];
  run(wanted: ReadonlySet<string>, listener: SuiteListener): Promise<void>;
}

/** What a suite's benchmarks share: models, artifacts, interpreters. */
export interface SuiteContext {
  close(): Promise<void>;
}

/** @param prepare makes what the benchmarks share; whatever takes long and is not measured belongs there */
export function suiteOf<Context extends SuiteContext>(
  what: string,
  benchmarks: readonly Benchmark<Context>[],
  prepare: () => Promise<Context>,
): Suite {
  return {
    what,
    figures: benchmarks.flatMap((benchmark) => benchmark.figures),
    async run(wanted, listener) {
      const context = await prepare();
      try {
        await listener.onPrepared();
        for (const benchmark of benchmarks) {
          for (const figure of await measured(benchmark, context, wanted)) listener.onFigure(figure);
        }
      } finally {
        await context.close();
      }
    },
  };
}

/** @throws Error when a benchmark does not answer a figure that it declares */
async function measured<Context>(
  benchmark: Benchmark<Context>,
  context: Context,
  wanted: ReadonlySet<string>,
): Promise<Figure[]> {
  const goals = benchmark.figures.filter(({ id }) => wanted.has(id));
  if (goals.length === 0) return [];
  const measurements = await benchmark.measure(context, new Set(goals.map(({ id }) => id)));
  return goals.map((goal) => {
    const measurement = measurements.get(goal.id);
    if (!measurement) throw new Error(`${goal.id}: its benchmark has not measured it`);
    return { ...goal, ...measurement };
  });
}
