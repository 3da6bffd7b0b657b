/** Decides what a teardown does, in which order, and what it refuses. Pure: what exists and choices in, steps out. */
import type { Existing, ExistingStack } from './existing';
import { type Choice, type Choices, type DataHolding, HOLDINGS, type Holding } from './holdings';

export type TeardownStep =
  | { readonly kind: 'stop-training'; readonly executionArn: string }
  | { readonly kind: 'stop-rollouts'; readonly sweeper?: string | undefined; readonly running: number }
  | { readonly kind: 'cancel-deployment'; readonly deploymentId: string }
  | { readonly kind: 'delete-deployment'; readonly deploymentId: string }
  | { readonly kind: 'decommission-device'; readonly thingName: string }
  | { readonly kind: 'detach-device-policy' }
  | { readonly kind: 'delete-component-version'; readonly arn: string; readonly label: string }
  | { readonly kind: 'delete-log-group'; readonly name: string }
  | {
      readonly kind: 'change-removal';
      readonly stack: string;
      readonly removals: Readonly<Record<string, 'keep' | 'delete'>>;
    }
  | { readonly kind: 'export-bucket' | 'export-table'; readonly output: string; readonly name: string }
  | { readonly kind: 'export-model-packages' }
  | { readonly kind: 'delete-model-package'; readonly arn: string }
  | { readonly kind: 'empty-bucket'; readonly name: string }
  | { readonly kind: 'delete-stack'; readonly stack: string; readonly retain: readonly string[] };

export interface TeardownPlan {
  /** One sentence each; then there are no steps. */
  readonly refusals: readonly string[];
  readonly steps: readonly TeardownStep[];
  /** Holdings that stay. */
  readonly kept: readonly Holding[];
}

const goes = (choice: Choice | undefined): boolean => choice === 'delete' || choice === 'export';

function isThere(existing: Existing, holding: Holding): boolean {
  if (holding === 'devices') return existing.devices.length > 0 || existing.certificates > 0;
  if (holding === 'components') return existing.componentVersions.length > 0;
  if (holding === 'logs') return existing.stacks.some(({ logGroups }) => logGroups.length > 0);
  return existing.stacks.some(({ stack }) => stack === 'data');
}

/** What is to be decided, with what is at stake. */
function stake(existing: Existing, holding: Holding): string {
  const { devices, certificates, componentVersions, stacks } = existing;
  if (holding === 'devices') {
    return devices.length > 0 ? devices.join(', ') : `${certificates} certificates with the device policy`;
  }
  if (holding === 'components') return `${componentVersions.length} component versions`;
  if (holding === 'logs') return `${stacks.flatMap(({ logGroups }) => logGroups).length} log groups`;
  return [...existing.buckets, ...existing.tables]
    .filter((held) => held.holding === holding)
    .map(({ name }) => name)
    .concat(holding === 'models' ? [`${existing.modelPackages.length} model packages`] : [])
    .join(', ');
}

function stackRefusals({ name, status, isProtected }: ExistingStack): string[] {
  const refusals: string[] = [];
  if (isProtected) {
    refusals.push(
      `stack ${name} is protected from deletion: \`aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${name}\``,
    );
  }
  if (status.endsWith('_IN_PROGRESS') && status !== 'DELETE_IN_PROGRESS') {
    refusals.push(`stack ${name} is ${status}: wait until that has ended`);
  }
  return refusals;
}

function refusals(existing: Existing, choices: Choices): string[] {
  const undecided = (Object.keys(HOLDINGS) as Holding[])
    .filter((holding) => choices[holding] === undefined && isThere(existing, holding))
    .map(
      (holding) =>
        `${holding}: choose ${HOLDINGS[holding].map((choice) => `--${holding} ${choice}`).join(' or ')} (${stake(existing, holding)})`,
    );
  const losesLogs = existing.stacks.filter(
    ({ logGroups, keepsLogGroups }) => logGroups.length > 0 && !keepsLogGroups,
  );
  if (choices.logs === 'keep' && losesLogs.length > 0) {
    undecided.push(
      `logs: the templates of ${losesLogs.map(({ name }) => name).join(', ')} delete their log groups: deploy with removal 'retain' first, or choose --logs delete`,
    );
  }
  return [...existing.stacks.flatMap(stackRefusals), ...undecided];
}

/** CloudFormation updates no stack that it failed to delete, so what its template keeps there stays kept. */
function unchangeable(existing: Existing, choices: Choices): string[] {
  const data = existing.stacks.find(({ stack }) => stack === 'data');
  if (!data || !isFailed(data)) return [];
  const stuck = Object.entries(changedRemovals(existing, choices))
    .filter(([, removal]) => removal === 'delete')
    .map(([logicalId]) => logicalId);
  return stuck.length === 0
    ? []
    : [
        `stack ${data.name} is ${data.status} and its template keeps ${stuck.join(', ')}: choose keep for them`,
      ];
}

const isFailed = ({ status }: ExistingStack): boolean =>
  status === 'DELETE_FAILED' || status === 'DELETE_IN_PROGRESS';

/** Of the data stack's resources, those whose template does something else than was chosen. */
function changedRemovals(existing: Existing, choices: Choices): Record<string, 'keep' | 'delete'> {
  const keepsAnything = (['dataset', 'models', 'telemetry'] as const).some(
    (holding) => choices[holding] === 'keep',
  );
  return Object.fromEntries(
    existing.dataResources.flatMap(({ logicalId, holding, removal }) => {
      const keeps = holding === 'anything' ? keepsAnything : choices[holding] === 'keep';
      const wanted = keeps ? ('keep' as const) : ('delete' as const);
      return wanted === removal ? [] : [[logicalId, wanted]];
    }),
  );
}

/** After the writers are gone, or what was emptied would fill again. */
function dataSteps(existing: Existing, stack: ExistingStack, choices: Choices): TeardownStep[] {
  const { name } = stack;
  const chosen = (choice: Choice) => (held: { readonly holding: DataHolding }) =>
    choices[held.holding] === choice;
  const going = (held: { readonly holding: DataHolding }) => goes(choices[held.holding]);
  const removals = changedRemovals(existing, choices);
  // A stack that failed to be deleted takes no update; CloudFormation then asks what to leave.
  const failed = isFailed(stack);
  const retain = failed ? Object.keys(removals).filter((id) => removals[id] === 'keep') : [];
  const steps: TeardownStep[] = [];
  if (!failed && Object.keys(removals).length > 0) {
    steps.push({ kind: 'change-removal', stack: name, removals });
  }
  for (const { output, name: bucket } of existing.buckets.filter(chosen('export'))) {
    steps.push({ kind: 'export-bucket', output, name: bucket });
  }
  for (const { output, name: table } of existing.tables.filter(chosen('export'))) {
    steps.push({ kind: 'export-table', output, name: table });
  }
  if (choices.models === 'export') steps.push({ kind: 'export-model-packages' });
  if (goes(choices.models)) {
    for (const arn of existing.modelPackages) steps.push({ kind: 'delete-model-package', arn });
  }
  for (const bucket of existing.buckets.filter(going)) {
    if (bucket.versions > 0) steps.push({ kind: 'empty-bucket', name: bucket.name });
  }
  return [...steps, { kind: 'delete-stack', stack: name, retain }];
}

/** What runs is stopped, what starts it is gone before. */
function fleetSteps(existing: Existing, choices: Choices): TeardownStep[] {
  const { rollouts, sweeper, deployments, devices, certificates, componentVersions } = existing;
  return [
    ...(rollouts.length > 0 || sweeper !== undefined
      ? [{ kind: 'stop-rollouts', sweeper, running: rollouts.length } as const]
      : []),
    ...deployments.flatMap(({ id, isActive }): TeardownStep[] => [
      ...(isActive ? [{ kind: 'cancel-deployment', deploymentId: id } as const] : []),
      { kind: 'delete-deployment', deploymentId: id },
    ]),
    ...devices.map((thingName) => ({ kind: 'decommission-device', thingName }) as const),
    ...(certificates > 0 ? [{ kind: 'detach-device-policy' } as const] : []),
    ...(choices.components === 'delete'
      ? componentVersions.map(({ arn, label }) => ({ kind: 'delete-component-version', arn, label }) as const)
      : []),
  ];
}

function stackSteps(stack: ExistingStack, choices: Choices): TeardownStep[] {
  // Before the stack, which is the only one to know their names; its functions may not make them anew.
  const logGroups = choices.logs === 'delete' && stack.keepsLogGroups ? stack.logGroups : [];
  return [
    ...logGroups.map((name) => ({ kind: 'delete-log-group', name }) as const),
    { kind: 'delete-stack', stack: stack.name, retain: [] },
  ];
}

/**
 * Against the order of deployment: first what starts work and writes, then what runs, then what is written to. Whoever
 * plans again after some of the steps gets the others.
 */
export function planTeardown(existing: Existing, choices: Choices): TeardownPlan {
  const kept = (Object.keys(HOLDINGS) as Holding[]).filter(
    (holding) => choices[holding] === 'keep' && isThere(existing, holding),
  );
  const refused = refusals(existing, choices);
  if (refused.length === 0) refused.push(...unchangeable(existing, choices));
  if (refused.length > 0) return { refusals: refused, steps: [], kept };
  const stackOf = (wanted: ExistingStack['stack']) => existing.stacks.find(({ stack }) => stack === wanted);
  const steps = (wanted: ExistingStack['stack']) => {
    const stack = stackOf(wanted);
    return stack ? stackSteps(stack, choices) : [];
  };
  const data = stackOf('data');
  return {
    refusals: [],
    kept,
    steps: [
      // Reads the others' outputs, and nobody its own.
      ...steps('verification'),
      ...steps('operations'),
      ...existing.trainings.map((executionArn) => ({ kind: 'stop-training', executionArn }) as const),
      ...steps('training'),
      ...fleetSteps(existing, choices),
      ...steps('fleet'),
      ...(data ? dataSteps(existing, data, choices) : []),
    ],
  };
}
