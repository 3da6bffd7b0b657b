/** Rules of `training.tuning` that a JSON Schema cannot say. Pure. */
import type { AppConfig } from '../../contracts';

export type TuningConfig = NonNullable<AppConfig['training']['tuning']>;
export type HyperparameterRange = TuningConfig['ranges'][string];

/** What the pipeline itself gives the training job; a search over them would train something else. */
const RESERVED = ['script', 'champion_uri', 'seed'];
const RESERVED_PREFIX = 'sagemaker_';

/** Groups of a regular expression; undefined when it is none. */
function groupsOf(regex: string): number | undefined {
  try {
    // With an empty alternative it matches the empty text, and the match has one entry per group.
    return (new RegExp(`${regex}|`).exec('')?.length ?? 1) - 1;
  } catch {
    return undefined;
  }
}

function rangeProblems(name: string, range: HyperparameterRange): string[] {
  const field = `training.tuning.ranges.${name}`;
  const problems: string[] = [];
  if (RESERVED.includes(name) || name.startsWith(RESERVED_PREFIX)) {
    problems.push(`${field}: is given by the pipeline and cannot be searched, got "${name}"`);
  }
  if (range.type === 'Categorical') return problems;
  if (range.minimum >= range.maximum) {
    problems.push(`${field}.maximum: must be above minimum (${range.minimum}), got ${range.maximum}`);
  }
  if (range.scaling === 'Logarithmic' && range.minimum <= 0) {
    problems.push(`${field}.minimum: must be above 0 on a logarithmic scale, got ${range.minimum}`);
  }
  return problems;
}

/** Every problem, as field, rule and value. */
export function tuningProblems(tuning: TuningConfig | undefined): string[] {
  if (tuning === undefined) return [];
  const { maximumJobs, parallelJobs, objective, ranges } = tuning;
  const problems = Object.entries(ranges).flatMap(([name, range]) => rangeProblems(name, range));
  if (parallelJobs > maximumJobs) {
    problems.push(
      `training.tuning.parallelJobs: must not be above maximumJobs (${maximumJobs}), got ${parallelJobs}`,
    );
  }
  if (groupsOf(objective.regex) !== 1) {
    problems.push(
      `training.tuning.objective.regex: must be a regular expression with one group, got ${JSON.stringify(objective.regex)}`,
    );
  }
  return problems;
}
