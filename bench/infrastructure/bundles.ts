/** G14: what a function weighs. */
import type { Benchmark } from '../figure';
import { countOf, significant } from '../measure';
import type { FunctionBundle, InfrastructureContext } from './context';

const kilobytes = (bytes: number): string => String(Math.round(bytes / 1_000));

function largest(bundles: readonly FunctionBundle[]): FunctionBundle {
  return bundles.reduce((found, each) => (each.bytes > found.bytes ? each : found));
}

export const bundles: Benchmark<InfrastructureContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'G14-size',
      what: "kilobytes of the largest function's bundle, minified",
      goal: 700,
      better: 'lower',
    },
  ],
  async measure(context) {
    const { name, bytes } = largest(context.bundles);
    const method = `${context.bundles.length} functions, ${context.bundles.map((each) => `${each.name} ${kilobytes(each.bytes)}`).join(', ')}; the largest is ${name}`;
    return new Map([['G14-size', countOf(significant(bytes / 1_000), method)]]);
  },
};
