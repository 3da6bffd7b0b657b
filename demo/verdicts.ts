/** What became of parts, by what they really were. Pure. */
import type { AppConfig } from '../contracts';
import { wilsonInterval } from '../lambda/shared/intervals';
import type { Observation } from './observations';
import { percent } from './report/format';
import type { Verdicts } from './report/report-data';

/** The class that may pass (config/local.ts); parts of every other are defective. */
const GOOD = 'good';

type Record = Observation['record'];
type Costs = AppConfig['dispositionPolicy']['costs'];

export const isDefective = ({ truth }: Observation): boolean => truth.label !== GOOD;

/** What would have become of the part if a frame that is new to the release did not go to a person. */
const passesAsClassified = ({ status, predictedClass }: Record): boolean =>
  status === 'ok' && predictedClass === GOOD;

const countOf = (of: readonly Observation[], is: (record: Record) => boolean): number =>
  of.filter(({ record }) => is(record)).length;

const shareOf = (count: number, of: number): number | null => (of === 0 ? null : count / of);

/** @param costs of a part that escapes, of a good one that is taken out, and of one that a person looks at */
export function verdictsOf(observations: readonly Observation[], costs: Costs): Verdicts {
  const defects = observations.filter(isDefective);
  const goods = observations.filter((observation) => !isDefective(observation));
  const escaped = countOf(defects, ({ disposition }) => disposition === 'pass');
  const rejected = countOf(goods, ({ disposition }) => disposition === 'reject');
  const reviewed = countOf(observations, ({ disposition }) => disposition === 'review');
  const cost = escaped * costs.escape + rejected * costs.falseReject + reviewed * costs.review;
  return {
    goods: goods.length,
    defects: defects.length,
    escaped,
    escapes: shareOf(escaped, defects.length),
    escapesAsClassified: shareOf(countOf(defects, passesAsClassified), defects.length),
    falseRejects: shareOf(rejected, goods.length),
    review: shareOf(reviewed, observations.length),
    decidedRightly: shareOf(
      countOf(goods, ({ disposition }) => disposition === 'pass') +
        countOf(defects, ({ disposition }) => disposition === 'reject'),
      observations.length,
    ),
    costPerThousand: observations.length === 0 ? null : (1000 * cost) / observations.length,
  };
}

/**
 * Whether defective parts pass more often than the plant allows, and chance does not explain it.
 * @param limit share of the defective parts, `limits.escapeRate` of the disposition policy
 */
export function letsTooManyPass({ escapes, defects }: Verdicts, limit: number): boolean {
  return escapes !== null && wilsonInterval(escapes, defects).lower > limit;
}

/** Whether a release decides more parts rightly and without a person than the one before it, or costs the plant less. */
export const hasHelped = (now: Verdicts, before: Verdicts): boolean =>
  (now.decidedRightly ?? 0) > (before.decidedRightly ?? 0) ||
  (now.costPerThousand ?? Number.POSITIVE_INFINITY) < (before.costPerThousand ?? 0);

export function decidedInWords({
  goods,
  defects,
  escaped,
  decidedRightly,
  costPerThousand,
}: Verdicts): string {
  const cost = (costPerThousand ?? 0).toFixed(0);
  return `${percent(decidedRightly ?? 0)} of ${goods + defects} parts were decided rightly and without a person, ${escaped} of ${defects} defective ones passed, ${cost} units per 1,000 parts`;
}
