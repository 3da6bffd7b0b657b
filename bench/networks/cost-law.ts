/** N2: what `1/N + 1/Dk^2` is worth in time, and all networks side by side. */
import type { Benchmark, Measurement, Table } from '../figure';
import { countOf, interleave, measurementOf, median, milliseconds, ratioOf, significant } from '../measure';
import { runMilliseconds } from '../run-times';
import type { NetworksContext, TrainedNetwork, Variant } from './context';

const ROUNDS = 7;
const RUNS = 40;
const CONTROL = 'mobilenet_v1_full_convolution';
const SEPARABLE = 'mobilenet_v1';
const VARIANTS: readonly Variant[] = ['fp32', 'int8'];

export const costLaw: Benchmark<NetworksContext> = {
  figures: [
    {
      id: 'N2-count',
      what: 'multiply-accumulates of MobileNetV1 with full convolutions / with separable ones',
      goal: 7,
      better: 'higher',
    },
    {
      id: 'N2-time',
      what: 'time of MobileNetV1 with full convolutions / with separable ones, fp32, one thread',
      goal: 4,
      better: 'higher',
    },
    {
      id: 'N2-time-int8',
      what: 'the same, int8',
      goal: 4,
      better: 'higher',
    },
  ],
  async measure(context, wanted) {
    const [control, separable] = [context.network(CONTROL), context.network(SEPARABLE)];
    const counted = significant(control.multiplyAccumulates / separable.multiplyAccumulates);
    const count = countOf(
      counted,
      `${millions(control)} million against ${millions(separable)} million; the law's sum over the layers, exactly ` +
        '(training/tests/test_networks.py)',
    );
    if (![...wanted].some((id) => id.startsWith('N2-time'))) return new Map([['N2-count', count]]);
    const times = await timeAll(context);
    const ratio = (variant: Variant): Measurement => {
      const [full, separated] = [timesOf(times, control, variant), timesOf(times, separable, variant)];
      return ratioOf(
        full,
        separated,
        `medians of ${RUNS} runs of all ${context.description.networks.length} networks in turn, in the component's own ` +
          `sessions: ${milliseconds(full)} against ${milliseconds(separated)}; counted: ${counted}`,
      );
    };
    return new Map([
      ['N2-count', count],
      ['N2-time', { ...ratio('fp32'), table: sideBySide(context, times) }],
      ['N2-time-int8', ratio('int8')],
    ]);
  },
};

/** Milliseconds by round. */
type Times = Readonly<Record<string, readonly number[]>>;

const keyOf = ({ name }: TrainedNetwork, variant: Variant): string => `${name}-${variant}`;

function timesOf(times: Times, network: TrainedNetwork, variant: Variant): readonly number[] {
  const found = times[keyOf(network, variant)];
  if (!found) throw new Error(`${keyOf(network, variant)}: was not timed`);
  return found;
}

async function timeAll(context: NetworksContext): Promise<Times> {
  const tasks: Record<string, () => Promise<number>> = {};
  for (const network of context.description.networks) {
    for (const variant of VARIANTS) {
      const session = await context.session(network, variant);
      tasks[keyOf(network, variant)] = () => runMilliseconds(session, context.images, RUNS);
    }
  }
  return interleave(ROUNDS, tasks);
}

const millions = ({ multiplyAccumulates }: TrainedNetwork): string => (multiplyAccumulates / 1e6).toFixed(1);

/** `1.23 (1.2 .. 1.4)` */
function withSpread(values: readonly number[]): string {
  const { value, spread } = measurementOf(values, '');
  const short = (number: number): string => String(Number(number.toPrecision(3)));
  return `${short(value)} (${short(spread.minimum)} .. ${short(spread.maximum)})`;
}

function sideBySide(context: NetworksContext, times: Times): Table {
  const kilobytes = (network: TrainedNetwork, variant: Variant): string =>
    Math.round(context.bytesOf(network, variant) / 1000).toString();
  const percent = (network: TrainedNetwork, variant: Variant): string =>
    (100 * context.accuracyOf(network, variant)).toFixed(1);
  const rows = [...context.description.networks]
    .sort((one, other) => median(timesOf(times, one, 'fp32')) - median(timesOf(times, other, 'fp32')))
    .map((network) => [
      network.name,
      ...VARIANTS.map((variant) => percent(network, variant)),
      millions(network),
      (network.parameters / 1000).toFixed(0),
      ...VARIANTS.map((variant) => kilobytes(network, variant)),
      ...VARIANTS.map((variant) => withSpread(timesOf(times, network, variant))),
    ]);
  return {
    columns: [
      'network',
      'accuracy fp32, %',
      'accuracy int8, %',
      'million multiply-accumulates',
      'thousand parameters',
      'fp32 file, kB',
      'int8 file, kB',
      'fp32, ms',
      'int8, ms',
    ],
    rows,
  };
}
