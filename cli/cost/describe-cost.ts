import { OWNERS } from '../../lambda/shared/names';
import { type CostEstimate, estimateCost } from './estimate-cost';
import { dollars, sumOf } from './format-cost';
import { isPricedRegion, PRICED_REGIONS } from './prices';
import { type CostTemplate, readCostFacts } from './read-facts';
import { DEFAULT_USAGE } from './usage';

/** Frames a second that each of {@link FLEETS} decides, around the clock. */
const FPS = 5;
/** What an environment costs before its first device, with a trial line, and with a plant or several. */
const FLEETS = [0, 10, 1_000] as const;

const fleet = (devices: number): string => `${devices.toLocaleString('en-US')} devices`;
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/**
 * What an environment costs a month, by noun, as a Markdown table for a page that is reviewed.
 * @param templates of the environment's stacks, by name
 * @param region whose prices count
 * @throws InputError naming what the templates lack, or what of them has no price
 */
export function describeCost(templates: ReadonlyMap<string, CostTemplate>, region: string): string[] {
  if (!isPricedRegion(region)) {
    return [`No prices of ${region} in cli/cost/prices.ts, only of ${PRICED_REGIONS.join(', ')}.`];
  }
  const facts = readCostFacts([...templates.values()]);
  const estimates = FLEETS.map((devices) =>
    estimateCost(facts, { ...DEFAULT_USAGE, devices, fps: FPS }, region),
  );
  const cells = (usd: (estimate: CostEstimate) => number) => estimates.map((each) => dollars(usd(each)));
  const { trainings, trainingMinutes } = DEFAULT_USAGE;
  const [atMost] = cells(({ trainingAtMostUsd }) => trainingAtMostUsd);
  return [
    row(['USD', ...FLEETS.map(fleet)]),
    row(['---', ...FLEETS.map(() => '---:')]),
    ...OWNERS.map((noun) => row([noun, ...cells((estimate) => sumOf(noun, estimate))])),
    row(['**sum**', ...cells(({ usd }) => usd)]),
    '',
    `Prices of ${region}, before tax and without free tiers; the first month, ${FPS} frames a second around the clock, ${trainings} trainings of ${trainingMinutes} minutes. Training costs ${atMost} USD at most. For another usage, every line and the source of every price: \`npx kaizen cost\`.`,
  ];
}
