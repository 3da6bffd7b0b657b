import type { Benchmark, Figure, FigureGoal } from './figure';

export interface SuiteListener {
  /** Whether nothing else uses the machine, asked before a benchmark that takes times; may wait for it. */
  isQuietBefore(): Promise<boolean>;
  /** The same, asked after it. */
  isQuietAfter(): Promise<boolean>;
  /** @param isUndisturbed whether the machine was quiet before and after, or nothing was timed */
  onFigure(figure: Figure, isUndisturbed: boolean): void;
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
        for (const benchmark of benchmarks) {
          const goals = benchmark.figures.filter(({ id }) => wanted.has(id));
          if (goals.length === 0) continue;
          const before = benchmark.onlyCounts || (await listener.isQuietBefore());
          const figures = await measured(benchmark, context, goals);
          const after = benchmark.onlyCounts || (await listener.isQuietAfter());
          for (const figure of figures) listener.onFigure(figure, before && after);
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
  goals: readonly FigureGoal[],
): Promise<Figure[]> {
  const measurements = await benchmark.measure(context, new Set(goals.map(({ id }) => id)));
  return goals.map((goal) => {
    const measurement = measurements.get(goal.id);
    if (!measurement) throw new Error(`${goal.id}: its benchmark has not measured it`);
    return { ...goal, ...measurement };
  });
}
