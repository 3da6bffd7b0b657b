/** G2: the same graph in the component's session and in Python. */
import type { Benchmark, Measurement } from '../figure';
import { interleave, median, milliseconds, ratioOf } from '../measure';
import { runMilliseconds } from '../run-times';
import type { EdgeContext } from './context';
import type { GraphName } from './model';

const ROUNDS = 9;
const RUNS = 60;
const GRAPHS = ['int8', 'fp32'] as const satisfies readonly GraphName[];

export const nodePython: Benchmark<EdgeContext> = {
  figures: GRAPHS.map((graph) => ({
    id: `G2-${graph}`,
    what: `time of the ${graph} graph in Node.js / in Python, one thread`,
    goal: 1.03,
    better: 'lower',
  })),
  async measure(context, wanted) {
    const results = new Map<string, Measurement>();
    for (const graph of GRAPHS) {
      if (wanted.has(`G2-${graph}`)) results.set(`G2-${graph}`, await compare(context, graph));
    }
    return results;
  },
};

async function compare(context: EdgeContext, graph: GraphName): Promise<Measurement> {
  const { model } = context;
  const session = await context.session(graph);
  // Both sides run the same image: the graph's time does not depend on it, but caches do.
  const images = model.images.slice(0, 1);
  const times = await context.withIncumbent(async (incumbent) => {
    await incumbent.load(model.pathOf(graph));
    return interleave(ROUNDS, {
      node: () => runMilliseconds(session, images, RUNS),
      python: async () => median(await incumbent.run(model.imagesPath, model.description.input.width, RUNS)),
    });
  });
  return ratioOf(
    times.node,
    times.python,
    `medians of ${RUNS} runs: Node.js ${milliseconds(times.node)}, Python ${milliseconds(times.python)}`,
  );
}
