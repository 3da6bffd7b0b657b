/** N1: what the trained networks know, and what the export and 8 bits cost of it. */
import type { Benchmark, Measurement } from '../figure';
import { countOf, significant } from '../measure';
import type { NetworksContext, TrainedNetwork } from './context';

export const knowledge: Benchmark<NetworksContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'N1-accuracy',
      what: 'accuracy on the test split of the network that knows least, fp32, in percent',
      goal: 60,
      better: 'higher',
    },
    {
      id: 'N1-int8',
      what: 'percentage points of accuracy that int8 costs the network that loses most',
      goal: 2,
      better: 'lower',
    },
    {
      id: 'N1-parity',
      what: 'largest difference between the probabilities of PyTorch and of the fp32 graph, of all networks',
      goal: 1e-4,
      better: 'lower',
    },
  ],
  async measure(context) {
    const { networks, testItems } = context.description;
    const percent = (network: TrainedNetwork, variant: 'fp32' | 'int8') =>
      100 * context.accuracyOf(network, variant);
    const lost = (network: TrainedNetwork) => percent(network, 'fp32') - percent(network, 'int8');
    const [least] = [...networks].sort((one, other) => one.correct.fp32 - other.correct.fp32);
    const [worst] = [...networks].sort((one, other) => lost(other) - lost(one));
    const [furthest] = [...networks].sort((one, other) => other.largestDifference - one.largestDifference);
    if (!least || !worst || !furthest) throw new Error('networks.json: has no networks');
    const trained = howTrained(context);
    return new Map<string, Measurement>([
      [
        'N1-accuracy',
        countOf(
          significant(percent(least, 'fp32')),
          `${testItems} rendered images of the test split, ${trained}: ${least.name}`,
        ),
      ],
      ['N1-int8', countOf(significant(lost(worst)), `the same images: ${worst.name}`)],
      ['N1-parity', countOf(significant(furthest.largestDifference), `the same images: ${furthest.name}`)],
    ]);
  },
};

/** `each trained alike: ...` */
export function howTrained({ description }: NetworksContext): string {
  const { trainingItems, epochs, widthMultiplier, resolution, networks } = description;
  const seconds = networks.map(({ trainingSeconds }) => trainingSeconds);
  return (
    `each network trained alike, at width ${widthMultiplier} and ${resolution} x ${resolution}, for ${epochs} epochs of ` +
    `${trainingItems} images from fresh weights (${Math.min(...seconds)} to ${Math.max(...seconds)} s each)`
  );
}
