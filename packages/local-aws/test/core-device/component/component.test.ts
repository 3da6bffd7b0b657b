/** Components with real scripts: each ends within a second. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ComponentDefinition } from '../../../core-device/component/component';
import { ComponentManager } from '../../../core-device/component/component-manager';
import { groupIsAlive, ProcessRegistry } from '../../../core-device/component/process-registry';
import type { LifecycleStep, StepName } from '../../../core-device/component/recipe';

let root: string;
let registry: ProcessRegistry;
let manager: ComponentManager;
let states: Record<string, string[]>;
/** Every change of every component, as it came. */
let order: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'component-'));
  registry = new ProcessRegistry(join(root, 'run'));
  states = {};
  order = [];
  manager = new ComponentManager({
    hostOf: (name) => ({
      registry,
      workPath: join(root, name),
      logPath: join(root, `${name}.log`),
      now: Date.now,
      environment: { PATH: process.env.PATH ?? '', FROM_HOST: 'host' },
    }),
    onStateChange: ({ name, state }) => {
      states[name] = [...(states[name] ?? []), state];
      order.push(`${name} ${state}`);
    },
  });
});
afterEach(async () => {
  await manager.stopAll();
  await registry.close();
  rmSync(root, { recursive: true, force: true });
});

type Steps = Partial<Record<StepName, string | Omit<LifecycleStep, 'setenv'>>>;
function definition(
  name: string,
  steps: Steps,
  hardDependencies: string[] = [],
  version = '1.0.0',
): ComponentDefinition {
  const complete = Object.entries(steps).map(([step, value]) => [
    step,
    { setenv: {}, ...(typeof value === 'string' ? { script: value } : value) },
  ]);
  return {
    name,
    version,
    hardDependencies,
    lifecycle: { setenv: { WHO: name }, steps: Object.fromEntries(complete) },
  };
}

const up = (...names: string[]) =>
  manager.waitUntilUp(names, (broken) => new Error(`${broken.name} is broken`), new AbortController().signal);
const read = (name: string, file: string) => readFileSync(join(root, name, file), 'utf8');
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

test('[N1] the work folder is made when the component is started, and not before', async () => {
  const component = manager.add(definition('it', { startup: 'true' }));
  expect(existsSync(join(root, 'it'))).toBe(false);
  component.start();
  await up('it');
  expect(existsSync(join(root, 'it'))).toBe(true);
});

test('install, then startup; it is up when startup ends well', async () => {
  manager
    .add(definition('it', { install: 'echo "$WHO $FROM_HOST" > made', startup: 'cat made > started' }))
    .start();
  await up('it');
  expect(states.it).toEqual(['INSTALLED', 'STARTING', 'RUNNING']);
  expect(read('it', 'started')).toBe('it host\n');
});

test('a startup that stays is up when the component says so', async () => {
  const component = manager.add(definition('it', { startup: 'exec sleep 100' }));
  component.start();
  await until(() => component.state === 'STARTING');
  expect(component.settled).toBe(false);
  component.report('RUNNING');
  await up('it');
  component.report('ERRORED');
  await until(() => states.it?.includes('ERRORED') === true);
  await until(() => states.it?.filter((state) => state === 'STARTING').length === 2);
});

test('a component without scripts has finished when it is started', async () => {
  manager.add(definition('it', {})).start();
  await up('it');
  expect(states.it?.at(-1)).toBe('FINISHED');
});

test('run is up at once and finished when it ends well', async () => {
  const component = manager.add(definition('it', { run: 'sleep 0.05', shutdown: 'echo bye > bye' }));
  component.start();
  await until(() => component.state === 'FINISHED');
  expect(states.it).toEqual(['INSTALLED', 'STARTING', 'RUNNING', 'STOPPING', 'FINISHED']);
  expect(read('it', 'bye')).toBe('bye\n');
  expect(component.settled).toBe(true);
});

test.each<[string, Steps, string, string]>([
  ['install', { install: 'exit 4' }, 'INSTALL_ERROR', 'install: exit code 4'],
  ['startup', { startup: 'exit 5' }, 'STARTUP_ERROR', 'startup: exit code 5'],
  ['run', { run: 'kill -9 $$' }, 'RUN_ERROR', 'run: ended by SIGKILL'],
  [
    'a slow startup',
    { startup: { script: 'sleep 9', timeoutSeconds: 0.05 } },
    'STARTUP_TIMEOUT',
    'longer than 0.05 s',
  ],
  [
    'an impossible Skipif',
    { startup: { script: 'true', skipIf: 'maybe' } },
    'STARTUP_CONFIG_NOT_VALID',
    'Skipif',
  ],
])('%s that fails three times breaks the component', async (_case, steps, code, reason) => {
  const component = manager.add(definition('it', { ...steps, recover: 'echo again >> recovered' }));
  component.start();
  // Not up(): a run script counts as up from its first instant.
  await until(() => component.broken);
  await expect(up('it')).rejects.toThrow('it is broken');
  expect(component.statusDetails?.statusCodes).toEqual([code]);
  expect(component.statusDetails?.statusReason).toContain(reason);
  expect(states.it?.filter((state) => state === 'ERRORED')).toHaveLength(2);
  expect(read('it', 'recovered')).toBe('again\n'.repeat(2));
});

test('a broken component is repaired by a new version', async () => {
  const component = manager.add(definition('it', { startup: 'exit 1' }));
  component.start();
  await expect(up('it')).rejects.toThrow();
  component.reinstall(definition('it', { startup: 'true' }, [], '1.0.1'));
  expect(component.broken).toBe(false);
  await up('it');
  expect(component.version).toBe('1.0.1');
});

test('a failure in between is forgiven: two errors, then up, then two more', async () => {
  const flaky = 'n=$(cat count 2> /dev/null || echo 0); echo $((n + 1)) > count; [ $((n % 3)) -eq 2 ]';
  const component = manager.add(definition('it', { startup: flaky }));
  component.start();
  await up('it');
  component.restart();
  await up('it');
  expect(read('it', 'count')).toBe('6\n');
});

test('a new version takes over after the old one was shut down', async () => {
  const component = manager.add(definition('it', { run: 'exec sleep 100', shutdown: 'echo old >> log' }));
  component.start();
  await up('it');
  component.reinstall(definition('it', { install: 'echo new >> log', run: 'exec sleep 100' }, [], '1.0.1'));
  expect(component.settled).toBe(false);
  await up('it');
  expect(read('it', 'log')).toBe('old\nnew\n');
});

test('a component waits for what it depends on, follows its restart and stops before it', async () => {
  const base = manager.add(definition('base', { startup: 'sleep 0.05', shutdown: 'echo base >> ../order' }));
  const user = { run: 'exec sleep 100', shutdown: 'echo user >> ../order' };
  manager.add(definition('user', user, ['base'])).start();
  await until(() => states.user?.length === 1);
  base.start();
  await up('user', 'base');
  base.restart();
  await up('base', 'user');
  expect(states.user?.filter((state) => state === 'RUNNING')).toHaveLength(2);
  expect(order.indexOf('user STARTING')).toBeGreaterThan(order.indexOf('base RUNNING'));
  rmSync(join(root, 'order'));
  await manager.stopAll();
  expect(readFileSync(join(root, 'order'), 'utf8')).toBe('user\nbase\n');
});

test('stopping ends the whole process group, also what ignores SIGTERM or was left in the background', async () => {
  const script = '(trap "" TERM; sleep 100) & echo $$ > group; true';
  const component = manager.add(definition('it', { startup: script }));
  component.start();
  await up('it');
  const group = Number(read('it', 'group'));
  expect(groupIsAlive(group)).toBe(true);
  await manager.remove(['it']);
  expect(groupIsAlive(group)).toBe(false);
  expect(component.state).toBe('FINISHED');
});

test('stopping does not wait for an installation', async () => {
  const component = manager.add(definition('it', { install: 'echo > installing; exec sleep 100' }));
  component.start();
  await until(() => existsSync(join(root, 'it', 'installing')));
  await manager.remove(['it']);
  expect(component.state).toBe('FINISHED');
});

test('output goes to the log with every change of state', async () => {
  manager.add(definition('it', { startup: 'echo out; echo err >&2' })).start();
  await up('it');
  const log = () => readFileSync(join(root, 'it.log'), 'utf8');
  const parts = ['out\n', 'err\n', 'NEW -> INSTALLED', 'STARTING -> RUNNING'];
  await until(() => parts.every((part) => log().includes(part)));
});

test('a runner finds and kills what an earlier one left behind, and nothing else', async () => {
  const left = new ProcessRegistry(join(root, 'other'));
  const child = left.spawn('exec sleep 100', { cwd: root, env: { PATH: process.env.PATH ?? '' } });
  const group = child.pid as number;
  const [instance = ''] = readdirSync(join(root, 'other'));
  const recorded = () => readdirSync(join(root, 'other', instance));
  await until(() => recorded().includes(String(group)));
  const killed: number[] = [];
  const next = new ProcessRegistry(join(root, 'other'), (stale) => killed.push(stale));
  expect(killed).toEqual([group]);
  await new Promise((resolve) => child.once('exit', resolve));
  await Promise.all([left.close(), next.close()]);
});
