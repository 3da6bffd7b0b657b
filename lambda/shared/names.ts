/**
 * What names are made of, and the names that no noun owns. Everything else is in the `names.ts` of the noun whose data
 * or whose messages it names; `lib/`, `cli/` and `demo/` import the same values, and nobody spells one again
 * (test/rules/names.test.ts).
 */

/** Who owns what there is (docs/architecture.md), in the order of the loop. */
export const NOUNS = [
  'dataset',
  'training',
  'registry',
  'rollout',
  'device',
  'telemetry',
  'monitoring',
  'retraining',
] as const;

/** The nouns, and what none of them owns. */
export const OWNERS = [...NOUNS, 'shared'] as const;
export type Owner = (typeof OWNERS)[number];

/** What a name is made of; an AppConfig fits. */
export interface NameScope {
  readonly environmentName: string;
  readonly useCase: string;
}

/** Begins the name of everything of one environment that has a name of its own. */
export const environmentPrefix = ({ environmentName }: Pick<NameScope, 'environmentName'>): string =>
  `kaizen-${environmentName}`;

/**
 * Begins the name of what an environment has once per use case. No environment has two hyphens in its name, so that
 * use case `b-c` of `a` and use case `c` of `a-b` differ.
 */
export const useCasePrefix = (scope: NameScope): string => `${environmentPrefix(scope)}--${scope.useCase}`;

/** The stacks of an environment, in the order of deployment. */
export const STACKS = ['data', 'training', 'fleet', 'operations'] as const;
/** One more, of environments that are delivered by a pipeline (docs/delivery.md). */
export const VERIFICATION_STACK = 'verification';

export const stackName = (
  scope: Pick<NameScope, 'environmentName'>,
  stack: (typeof STACKS)[number] | typeof VERIFICATION_STACK,
): string => `${environmentPrefix(scope)}-${stack}`;

/** Environment variables of every function. */
export const SHARED_VARIABLES = {
  environment: 'KAIZEN_ENVIRONMENT',
  useCase: 'KAIZEN_USE_CASE',
} as const;

/** Begins what an account and region share without a prefix of the environment: events, Greengrass components. */
export const NAMESPACE = 'com.kaizenedge';

/**
 * Source of every event that an environment puts on the default bus, which it shares with others; the detail types are
 * the nouns'. It also begins the names of its components.
 */
export const eventSource = ({ environmentName }: Pick<NameScope, 'environmentName'>): string =>
  `${NAMESPACE}.${environmentName}`;

/** CloudWatch namespace of every metric of the functions. */
export const METRIC_NAMESPACE = 'KaizenEdge';

/**
 * A metric, as the function writes it and as alarms and dashboard ask for it. CloudWatch matches sets of dimensions
 * exactly: what is asked for with one more or one less has no data, and its alarm never fires.
 */
export interface MetricDefinition<Dimension extends string = string> {
  readonly name: string;
  readonly unit: 'Count' | 'None' | 'Milliseconds';
  /** Joins the values of a period, unless who asks wants another. */
  readonly statistic: 'Sum' | 'Average' | 'Maximum';
  readonly dimensions: readonly Dimension[];
}

/** Dimension of every metric beside its own: what two environments of one account measure must not add up. */
export const environmentDimension = ({
  environmentName,
}: Pick<NameScope, 'environmentName'>): Readonly<Record<string, string>> => ({
  environment: environmentName,
});

/** A metric per use case that counts. */
export const counted = (name: string): MetricDefinition<'useCase'> => ({
  name,
  unit: 'Count',
  statistic: 'Sum',
  dimensions: ['useCase'],
});

/** The metric's own dimensions with these values, and no others. */
export function dimensionsOf<Dimension extends string>(
  { dimensions }: MetricDefinition<Dimension>,
  values: Readonly<Record<NoInfer<Dimension>, string>>,
): Record<string, string> {
  return Object.fromEntries(dimensions.map((dimension) => [dimension, values[dimension]]));
}
