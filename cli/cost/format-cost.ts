import { OWNERS, type Owner } from '../../lambda/shared/names';
import { formatTable } from '../shared/table';
import type { CostEstimate, CostLine } from './estimate-cost';
import { PRICE_SOURCES, PRICES } from './prices';
import {
  CAPTURE_BYTES,
  OTHER_JOB_MINUTES,
  RECORD_BYTES,
  RELEASE_BYTES,
  UNCERTAIN_SHARE,
  UNITS_PER_SKETCH,
  type Usage,
} from './usage';

/** Below this a line says nothing. */
const SHOWN_USD = 0.005;

export const dollars = (usd: number): string => usd.toFixed(2);

/** USD of one noun's lines. */
export const sumOf = (noun: Owner, { lines }: CostEstimate): number =>
  lines.filter((line) => line.noun === noun).reduce((total, { usd }) => total + usd, 0);

function quantity({ quantity: amount, price }: CostLine): string {
  const rounded =
    amount >= 100 ? Math.round(amount).toLocaleString('en-US') : String(Number(amount.toPrecision(3)));
  return `${rounded} x ${PRICES[price].unit}`;
}

function row(line: CostLine): string[] {
  return [line.noun, line.what, quantity(line), dollars(line.usd), line.source];
}

/** The estimate as text for a terminal. */
export function formatCost(environmentName: string, usage: Usage, estimate: CostEstimate): string {
  const { region, lines, usd } = estimate;
  const nouns = OWNERS.map((noun) => [noun, dollars(sumOf(noun, estimate))]);
  const shown = lines.filter((line) => line.usd >= SHOWN_USD);
  const sources = Object.entries(PRICE_SOURCES).filter(([key]) => shown.some(({ source }) => source === key));
  return [
    `Environment ${environmentName} in ${region}: about ${dollars(usd)} USD a month, before tax and without free tiers`,
    `${usage.devices} devices at ${usage.fps} fps, ${usage.hoursPerDay} h a day; ${usage.trainings} trainings of ${usage.trainingMinutes} min; after ${usage.monthsBefore} months`,
    formatTable(['noun', 'USD a month'], [...nouns, ['sum', dollars(usd)]]),
    formatTable(['noun', 'what', 'quantity', 'USD', 'price'], shown.map(row)),
    `Training costs ${dollars(estimate.trainingAtMostUsd)} USD at most: the configuration's executions, every job to its time limit`,
    `Assumed: ${RECORD_BYTES} bytes a record, ${UNITS_PER_SKETCH} unit a sketch, ${CAPTURE_BYTES / 1_000} KB a capture, ${UNCERTAIN_SHARE * 100} % uncertain frames, ${RELEASE_BYTES / 1e6} MB a release, ${OTHER_JOB_MINUTES} min for every job but training. Not counted: X-Ray, SNS, EventBridge, requests to KMS, backups, tax.`,
    sources.map(([key, source]) => `${key}  ${source}`).join('\n'),
  ].join('\n\n');
}
