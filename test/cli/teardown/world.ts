/** An environment as a value: what a step does to what exists, as AWS would do it. */
import fc from 'fast-check';
import type { Existing, ExistingStack } from '../../../cli/teardown/existing';
import { type Choices, HOLDINGS, type Holding } from '../../../cli/teardown/holdings';
import type { TeardownStep } from '../../../cli/teardown/plan-teardown';
import { STACKS } from '../../../lambda/shared/names';

export function aStack(stack: ExistingStack['stack'], changes: Partial<ExistingStack> = {}): ExistingStack {
  return {
    stack,
    name: `kaizen-dev-${stack}`,
    status: 'UPDATE_COMPLETE',
    isProtected: false,
    logGroups: stack === 'data' ? [] : [`logs-${stack}`],
    keepsLogGroups: false,
    ...changes,
  };
}

/** A used environment of dev: everything goes with its stack unless somebody says otherwise. */
export function anEnvironment(changes: Partial<Existing> = {}): Existing {
  return {
    environmentName: 'dev',
    stacks: STACKS.map((stack) => aStack(stack)),
    devices: ['line-1', 'line-2'],
    certificates: 3,
    trainings: ['arn:training'],
    rollouts: ['arn:rollout'],
    sweeper: 'sweep-rollouts',
    deployments: [
      { id: 'd-2', isActive: true },
      { id: 'd-1', isActive: false },
    ],
    componentVersions: [{ arn: 'arn:model-1', label: 'model 1.0.1' }],
    modelPackages: ['arn:package-1'],
    buckets: [
      { holding: 'dataset', output: 'DatasetBucketName', name: 'images', versions: 7 },
      { holding: 'models', output: 'ModelBucketName', name: 'models', versions: 2 },
      { holding: 'telemetry', output: 'TelemetryBucketName', name: 'results', versions: 0 },
    ],
    tables: [
      { holding: 'dataset', output: 'LabelTableName', name: 'labels' },
      { holding: 'models', output: 'ReleaseTableName', name: 'releases' },
    ],
    dataResources: [
      { logicalId: 'Images', holding: 'dataset', removal: 'delete' },
      { logicalId: 'Models', holding: 'models', removal: 'delete' },
      { logicalId: 'Results', holding: 'telemetry', removal: 'delete' },
      { logicalId: 'Key', holding: 'anything', removal: 'delete' },
    ],
    ...changes,
  };
}

export const DELETE_ALL = Object.fromEntries(
  Object.keys(HOLDINGS).map((holding) => [holding, 'delete']),
) as Choices;

const refuse = (reason: string): never => {
  throw new Error(`AWS refuses: ${reason}`);
};

function deleteStack(world: Existing, step: TeardownStep & { kind: 'delete-stack' }): Existing {
  const gone = world.stacks.find(({ name }) => name === step.stack) ?? refuse(`no stack ${step.stack}`);
  const later = world.stacks.slice(world.stacks.indexOf(gone) + 1);
  // Operations refers to all of them, training and fleet refer to data.
  const users = gone.stack === 'data' ? later : later.filter(({ stack }) => stack === 'operations');
  if (users.length > 0) refuse('exports in use');
  const stacks = world.stacks.filter((stack) => stack !== gone);
  if (gone.stack === 'training' && world.trainings.length > 0) refuse('the pipeline runs');
  if (gone.stack === 'fleet' && world.devices.length > 0) refuse('the thing type has things');
  if (gone.stack === 'fleet' && world.rollouts.length > 0)
    refuse('a rollout runs, and would miss its functions');
  if (gone.stack === 'fleet' && world.certificates > 0) refuse('the device policy is attached');
  if (gone.stack !== 'data') return { ...world, stacks };
  const isKept = (holding: string) =>
    world.dataResources.some(
      (resource) =>
        resource.holding === holding &&
        (resource.removal === 'keep' || step.retain.includes(resource.logicalId)),
    );
  if (world.buckets.some(({ holding, versions }) => versions > 0 && !isKept(holding))) {
    refuse('a bucket is not empty');
  }
  if (world.modelPackages.length > 0 && !isKept('models')) refuse('the group has packages');
  const anythingKept = ['dataset', 'models', 'telemetry'].some(isKept);
  if (anythingKept && !isKept('anything')) refuse('what is kept has lost its key');
  return {
    ...world,
    stacks,
    modelPackages: [],
    buckets: [],
    tables: [],
    dataResources: [],
  };
}

/** What exists after a step; throws where AWS would refuse it. */
export function after(world: Existing, step: TeardownStep): Existing {
  const without = <Item>(items: readonly Item[], gone: Item): Item[] =>
    items.includes(gone) ? items.filter((item) => item !== gone) : refuse(`${String(gone)} is not there`);
  switch (step.kind) {
    case 'stop-training':
      return { ...world, trainings: without(world.trainings, step.executionArn) };
    case 'stop-rollouts':
      return { ...world, rollouts: [], sweeper: undefined };
    case 'cancel-deployment':
      return {
        ...world,
        deployments: world.deployments.map((deployment) =>
          deployment.id === step.deploymentId ? { ...deployment, isActive: false } : deployment,
        ),
      };
    case 'delete-deployment': {
      if (world.rollouts.length > 0 || world.sweeper)
        refuse('another may come: what makes deployments works');
      const found = world.deployments.find(({ id }) => id === step.deploymentId);
      if (found?.isActive !== false) refuse('the deployment is active');
      return { ...world, deployments: world.deployments.filter((deployment) => deployment !== found) };
    }
    case 'decommission-device':
      return {
        ...world,
        devices: without(world.devices, step.thingName),
        certificates: world.certificates - 1,
      };
    case 'detach-device-policy':
      return { ...world, certificates: 0 };
    case 'delete-component-version':
      return {
        ...world,
        componentVersions: world.componentVersions.filter(({ arn }) => arn !== step.arn),
      };
    case 'delete-log-group':
      return {
        ...world,
        stacks: world.stacks.map((stack) => ({
          ...stack,
          logGroups: stack.logGroups.filter((name) => name !== step.name),
        })),
      };
    case 'change-removal':
      return {
        ...world,
        dataResources: world.dataResources.map((resource) => ({
          ...resource,
          removal: step.removals[resource.logicalId] ?? resource.removal,
        })),
      };
    case 'delete-model-package':
      return { ...world, modelPackages: without(world.modelPackages, step.arn) };
    case 'empty-bucket':
      return {
        ...world,
        buckets: world.buckets.map((bucket) =>
          bucket.name === step.name ? { ...bucket, versions: 0 } : bucket,
        ),
      };
    case 'delete-stack':
      return deleteStack(world, step);
    default:
      // Exports change nothing in AWS.
      return world;
  }
}

export const someChoices: fc.Arbitrary<Choices> = fc.record(
  Object.fromEntries(
    Object.entries(HOLDINGS).map(([holding, choices]) => [holding, fc.constantFrom(...choices)]),
  ),
);

const few = <Item>(items: readonly Item[]) => fc.subarray([...items]);

/** Any part of a used environment, as whoever has tried before may have left it. */
export const someEnvironment: fc.Arbitrary<Existing> = fc
  .record({
    first: fc.integer({ min: 0, max: STACKS.length }),
    keepsLogGroups: fc.boolean(),
    keepsData: fc.boolean(),
    loose: fc.integer({ min: 0, max: 2 }),
    devices: few(['line-1', 'line-2']),
    trainings: few(['arn:training']),
    rollouts: few(['arn:rollout']),
    sweeper: fc.constantFrom('sweep-rollouts', undefined),
    deployments: few(anEnvironment().deployments),
    componentVersions: few(anEnvironment().componentVersions),
    modelPackages: few(['arn:package-1', 'arn:package-2']),
    versions: fc.integer({ min: 0, max: 2 }),
    dataStatus: fc.constantFrom('UPDATE_COMPLETE', 'CREATE_COMPLETE', 'DELETE_FAILED'),
  })
  .map((made) => {
    const whole = anEnvironment();
    const has = (stack: (typeof STACKS)[number]) => STACKS.indexOf(stack) < made.first;
    const ifThere = <Value>(stack: (typeof STACKS)[number], value: Value, otherwise: Value): Value =>
      has(stack) ? value : otherwise;
    return {
      ...whole,
      stacks: STACKS.slice(0, made.first).map((stack) =>
        aStack(stack, {
          keepsLogGroups: made.keepsLogGroups,
          ...(stack === 'data' && { status: made.dataStatus }),
        }),
      ),
      devices: ifThere('fleet', made.devices, []),
      certificates: ifThere('fleet', made.devices.length + made.loose, 0),
      trainings: ifThere('training', made.trainings, []),
      rollouts: ifThere('fleet', made.rollouts, []),
      sweeper: ifThere('fleet', made.sweeper, undefined),
      deployments: ifThere('fleet', made.deployments, []),
      componentVersions: made.componentVersions,
      modelPackages: ifThere('data', made.modelPackages, []),
      buckets: ifThere(
        'data',
        whole.buckets.map((bucket) => ({ ...bucket, versions: made.versions })),
        [],
      ),
      tables: ifThere('data', whole.tables, []),
      dataResources: ifThere(
        'data',
        whole.dataResources.map((resource) => ({
          ...resource,
          removal: made.keepsData ? ('keep' as const) : ('delete' as const),
        })),
        [],
      ),
    };
  });

export const holdings = Object.keys(HOLDINGS) as Holding[];
