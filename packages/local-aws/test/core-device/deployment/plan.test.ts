import fc from 'fast-check';
import {
  type ComponentSet,
  type DeploymentPlan,
  type InstalledComponent,
  planDeployment,
} from '../../../core-device/deployment/plan';

function component(changes: Partial<InstalledComponent> = {}): InstalledComponent {
  return {
    version: '1.0.0',
    lifecycle: { setenv: {}, steps: { startup: { script: 'start', setenv: {} } } },
    dependencies: {},
    configuration: { defaults: {}, overrides: {} },
    ...changes,
  };
}
const withSteps = (steps: InstalledComponent['lifecycle']['steps'], setenv = {}): InstalledComponent =>
  component({ lifecycle: { setenv, steps } });
const step = (script: string) => ({ script, setenv: {} });

test.each<[string, InstalledComponent, InstalledComponent, keyof DeploymentPlan]>([
  ['[case 15] nothing', component(), component(), 'unchanged'],
  ['the version', component(), component({ version: '1.0.1' }), 'reinstall'],
  ['the install script', component(), withSteps({ startup: step('start'), install: step('i') }), 'reinstall'],
  ['the startup script', component(), withSteps({ startup: step('other') }), 'restart'],
  ['the environment', component(), withSteps({ startup: step('start') }, { A: '1' }), 'restart'],
  ['a timeout', component(), withSteps({ startup: { ...step('start'), timeoutSeconds: 3 } }), 'restart'],
  [
    'only the shutdown script',
    component(),
    withSteps({ startup: step('start'), shutdown: step('s') }),
    'unchanged',
  ],
  [
    'the configuration',
    component(),
    component({ configuration: { defaults: {}, overrides: { limit: 1 } } }),
    'reconfigure',
  ],
  [
    'the dependencies',
    component(),
    component({ dependencies: { other: { versionRequirement: '*', type: 'HARD' } } }),
    'restart',
  ],
])('%s changed', (_case, before, after, expected) => {
  const plan = planDeployment({ it: before }, { it: after });
  expect(plan[expected]).toEqual(['it']);
  expect(Object.values(plan).flat()).toEqual(['it']);
});

test('a broken component gets a new chance although nothing of it changed', () => {
  expect(planDeployment({ it: component() }, { it: component() }, new Set(['it'])).reinstall).toEqual(['it']);
});

test('[N6] a number in the lifecycle restarts a component that was read back from disk, and only that', () => {
  const numbered = withSteps({ startup: { ...step('start'), timeoutSeconds: 3 } });
  const set = { numbered, plain: component() };
  expect(planDeployment(set, set, new Set(), true)).toMatchObject({
    restart: ['numbered'],
    unchanged: ['plain'],
  });
  expect(planDeployment(set, set)).toMatchObject({ restart: [], unchanged: ['numbered', 'plain'] });
});

const componentSet: fc.Arbitrary<ComponentSet> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd', 'constructor'),
  fc.constantFrom('1.0.0', '1.0.1').map((version) => component({ version })),
);

test('every component is in exactly one list, and going back undoes going there', () => {
  fc.assert(
    fc.property(componentSet, componentSet, (current, target) => {
      const there = planDeployment(current, target);
      const back = planDeployment(target, current);
      const names = [...new Set([...Object.keys(current), ...Object.keys(target)])].sort();
      expect(Object.values(there).flat().sort()).toEqual(names);
      expect([...there.add].sort()).toEqual([...back.remove].sort());
      expect([...there.reinstall].sort()).toEqual([...back.reinstall].sort());
      expect(planDeployment(target, target).unchanged).toEqual(Object.keys(target));
    }),
  );
});
