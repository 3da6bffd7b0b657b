import fc from 'fast-check';
import type { Existing } from '../../../cli/teardown/existing';
import { describeStep } from '../../../cli/teardown/format-plan';
import type { Choices } from '../../../cli/teardown/holdings';
import { planTeardown, type TeardownStep } from '../../../cli/teardown/plan-teardown';
import { after, anEnvironment, aStack, DELETE_ALL, holdings, someChoices, someEnvironment } from './world';

const kinds = (existing: Existing, choices: Choices) =>
  planTeardown(existing, choices).steps.map((step) => describeStep(step)[0]);

test('[B10] what starts and writes goes first, what is written to goes last', () => {
  expect(kinds(anEnvironment(), DELETE_ALL)).toEqual([
    'delete stack kaizen-dev-operations',
    'stop training arn/training',
    'delete stack kaizen-dev-training',
    'stop what starts rollouts, and the 1 that run',
    'cancel deployment d-2',
    'delete deployment d-2',
    'delete deployment d-1',
    'decommission device line-1',
    'decommission device line-2',
    'detach the device policy from certificates without a device',
    'delete component version model 1.0.1',
    'delete stack kaizen-dev-fleet',
    'delete model package arn/package-1',
    'empty bucket images, all versions',
    'empty bucket models, all versions',
    'delete stack kaizen-dev-data',
  ]);
});

test('[B10] what starts rollouts is held before they are stopped, also where none runs; once held, it is no step any more', () => {
  const step = (changes: Partial<Existing>) =>
    planTeardown(anEnvironment(changes), DELETE_ALL).steps.filter(({ kind }) => kind === 'stop-rollouts');
  expect(step({ rollouts: [] })).toEqual([{ kind: 'stop-rollouts', sweeper: 'sweep-rollouts', running: 0 }]);
  expect(step({ sweeper: undefined })).toEqual([{ kind: 'stop-rollouts', running: 1 }]);
  expect(step({ rollouts: [], sweeper: undefined })).toEqual([]);
});

test('[B10] the stack that a pipeline has brought along goes first', () => {
  const { stacks, ...others } = anEnvironment();
  const delivered = { ...others, stacks: [...stacks, aStack('verification')] };
  expect(kinds(delivered, DELETE_ALL)[0]).toBe('delete stack kaizen-dev-verification');
  expect(kinds(delivered, DELETE_ALL).slice(1)).toEqual(kinds(anEnvironment(), DELETE_ALL));
});

test('[B10] what is kept changes the template, and takes the encryption key with it', () => {
  const steps = kinds(anEnvironment(), {
    ...DELETE_ALL,
    dataset: 'keep',
    components: 'keep',
    models: 'export',
  });
  expect(steps).toContain('change what kaizen-dev-data keeps: keep Images, keep Key');
  expect(steps.slice(-6)).toEqual([
    'export bucket models (ModelBucketName)',
    'export table releases (ReleaseTableName)',
    'export descriptions of the model packages',
    'delete model package arn/package-1',
    'empty bucket models, all versions',
    'delete stack kaizen-dev-data',
  ]);
  expect(steps.join()).not.toMatch(/images|component version/);
});

test('[B10] a template that keeps everything is told to let go', () => {
  const prod = anEnvironment({
    stacks: [aStack('data'), aStack('fleet', { keepsLogGroups: true })],
    dataResources: anEnvironment().dataResources.map((resource) => ({ ...resource, removal: 'keep' })),
  });
  const steps = kinds(prod, DELETE_ALL);
  expect(steps).toContain('delete log group logs-fleet');
  expect(steps).toContain(
    'change what kaizen-dev-data keeps: delete Images, delete Models, delete Results, delete Key',
  );
});

describe('a refusal does nothing, and says what to do', () => {
  const failed = { stacks: [aStack('data', { status: 'DELETE_FAILED' })] };
  test.each<[string, Partial<Existing>, Choices, string]>([
    [
      'devices',
      {},
      { ...DELETE_ALL, devices: undefined },
      'devices: choose --devices delete (line-1, line-2)',
    ],
    [
      'certificates',
      { devices: [], certificates: 1 },
      { ...DELETE_ALL, devices: undefined },
      'devices: choose --devices delete (1 certificates with the device policy)',
    ],
    [
      'models',
      {},
      { ...DELETE_ALL, models: undefined },
      'models: choose --models keep or --models export or --models delete (models, releases, 1 model packages)',
    ],
    [
      'a protected stack',
      { stacks: [aStack('data', { isProtected: true })] },
      DELETE_ALL,
      'stack kaizen-dev-data is protected from deletion: `aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name kaizen-dev-data`',
    ],
    [
      'a deployment that runs',
      { stacks: [aStack('fleet', { status: 'UPDATE_IN_PROGRESS' })] },
      DELETE_ALL,
      'stack kaizen-dev-fleet is UPDATE_IN_PROGRESS: wait until that has ended',
    ],
    [
      'logs that the stack deletes',
      { stacks: [aStack('fleet')] },
      { ...DELETE_ALL, logs: 'keep' },
      "logs: the templates of kaizen-dev-fleet delete their log groups: deploy with removal 'retain' first, or choose --logs delete",
    ],
    [
      'a failed stack that keeps what is to go',
      { ...failed, dataResources: [{ logicalId: 'Images', holding: 'dataset', removal: 'keep' }] },
      DELETE_ALL,
      'stack kaizen-dev-data is DELETE_FAILED and its template keeps Images: choose keep for them',
    ],
  ])('%s', (_what, changes, choices, sentence) => {
    const { refusals, steps } = planTeardown(anEnvironment(changes), choices);
    expect(refusals).toEqual([sentence]);
    expect(steps).toEqual([]);
  });
});

test('[B10] what CloudFormation failed to delete is left behind where it is to be kept', () => {
  const failed = anEnvironment({ stacks: [aStack('data', { status: 'DELETE_FAILED' })] });
  const { steps } = planTeardown(failed, { ...DELETE_ALL, dataset: 'keep' });
  expect(steps.at(-1)).toEqual({ kind: 'delete-stack', stack: 'kaizen-dev-data', retain: ['Images', 'Key'] });
});

/** What a step takes away that can only be lost once. */
function takes(step: TeardownStep, existing: Existing): string | undefined {
  const bucket = existing.buckets.find(({ name }) => step.kind === 'empty-bucket' && name === step.name);
  if (bucket) return bucket.holding;
  if (step.kind === 'delete-model-package') return 'models';
  if (step.kind === 'decommission-device' || step.kind === 'detach-device-policy') return 'devices';
  if (step.kind === 'delete-component-version') return 'components';
  return step.kind === 'delete-log-group' ? 'logs' : undefined;
}

describe('of any environment and any choices', () => {
  test('AWS takes every step, and nothing but what is kept is left', () => {
    fc.assert(
      fc.property(someEnvironment, someChoices, (existing, choices) => {
        const { refusals, steps, kept } = planTeardown(existing, choices);
        if (refusals.length > 0) return;
        const left = steps.reduce(after, existing);
        expect({ ...left, componentVersions: [] }).toMatchObject({
          stacks: [],
          devices: [],
          deployments: [],
        });
        expect(left.componentVersions.length > 0).toBe(kept.includes('components'));
        expect(planTeardown(left, choices).steps).toEqual([]);
      }),
    );
  });

  test('nothing is taken away that was not named', () => {
    fc.assert(
      fc.property(someEnvironment, someChoices, (existing, choices) => {
        for (const step of planTeardown(existing, choices).steps) {
          const holding = holdings.find((name) => name === takes(step, existing));
          if (holding) expect(['delete', 'export']).toContain(choices[holding]);
        }
      }),
    );
  });

  test('whoever dies after any step and begins anew has the rest left to do', () => {
    fc.assert(
      fc.property(someEnvironment, someChoices, fc.nat(), (existing, choices, deaths) => {
        const { steps, refusals } = planTeardown(existing, choices);
        if (refusals.length > 0) return;
        const done = deaths % (steps.length + 1);
        const left = steps.slice(0, done).reduce(after, existing);
        const again = planTeardown(left, choices);
        expect(again.refusals).toEqual([]);
        // These look again: exports find their files, and the policy is on no certificate any more.
        const looks = /^export|^detach/;
        const changes = (list: readonly TeardownStep[]) => list.filter(({ kind }) => !looks.test(kind));
        expect(changes(again.steps)).toEqual(changes(steps.slice(done)));
      }),
    );
  });
});
