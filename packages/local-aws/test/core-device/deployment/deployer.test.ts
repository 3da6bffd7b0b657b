/** Deployments with real components and real files; the cloud is a table of recipes, a power cut is an exception. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { GatewayError } from '../../../core-device/cloud/gateway-client';
import type { JobExecution } from '../../../core-device/cloud/jobs-client';
import { ArtifactStore } from '../../../core-device/component/artifact-store';
import { ComponentManager } from '../../../core-device/component/component-manager';
import { ProcessRegistry } from '../../../core-device/component/process-registry';
import { Deployer, type DeploymentCloud } from '../../../core-device/deployment/deployer';
import { DeploymentCancelled, DeviceStopping } from '../../../core-device/deployment/errors';
import { ComponentUpdates } from '../../../core-device/ipc/component-updates';
import { ConfigurationValidation } from '../../../core-device/ipc/configuration-validation';
import { NUCLEI, type NucleusName } from '../../../core-device/nucleus/nuclei';
import {
  type DeploymentRecord,
  type DeviceState,
  DeviceStateStore,
} from '../../../core-device/storage/device-state';
import { layoutOf } from '../../../core-device/storage/layout';
import type { DeploymentDocument } from '../../../greengrass/deployment-document';

const PLATFORM = { os: 'linux', architecture: 'amd64' };
/** `<name> <version>` -> startup script, default configuration */
const RECIPES: Readonly<Record<string, { startup: string | object; configuration?: object }>> = {
  'a 1.0.0': { startup: 'true', configuration: { word: 'old' } },
  'a 1.0.1': { startup: 'true', configuration: { word: 'new' } },
  'a 1.0.2': { startup: 'exit 9' },
  'b 1.0.0': { startup: 'true' },
  'c 1.0.0': { startup: 'true' },
  'ignored 1.0.0': { startup: 'sh -c "exit 9"' },
  'heard 1.0.0': { startup: 'sh -c "exit 9" || exit 1' },
  'numbered 1.0.0': { startup: { Script: 'true', Timeout: 60 } },
};

/** Cuts the power immediately before or after the n-th durable write. */
class FragileStore extends DeviceStateStore {
  constructor(
    root: string,
    private readonly cutAt: number,
    readonly writes = { count: 0 },
  ) {
    super(layoutOf(root));
  }
  override commit(state: DeviceState): void {
    this.around(() => super.commit(state));
  }
  override saveRecord(record: DeploymentRecord | undefined): void {
    this.around(() => super.saveRecord(record));
  }
  private around(write: () => void): void {
    this.tick();
    write();
    this.tick();
  }
  private tick(): void {
    if (this.writes.count === this.cutAt) throw new DeviceStopping('power cut');
    this.writes.count += 1;
  }
}

class Life {
  readonly components: ComponentManager;
  readonly deployer: Deployer;
  readonly updates = new ComponentUpdates();
  readonly validation = new ConfigurationValidation();
  readonly store: FragileStore;
  readonly events: string[] = [];
  private readonly registry: ProcessRegistry;

  constructor(
    root: string,
    {
      cutAt = Number.POSITIVE_INFINITY,
      cloud = {},
      nucleus = 'classic',
    }: { cutAt?: number; cloud?: Partial<DeploymentCloud>; nucleus?: NucleusName } = {},
  ) {
    const layout = layoutOf(root);
    this.store = new FragileStore(root, cutAt);
    this.registry = new ProcessRegistry(layout.processes);
    this.components = new ComponentManager({
      hostOf: (name) => ({
        registry: this.registry,
        workPath: layout.work(name),
        logPath: layout.log(name),
        now: Date.now,
        environment: { PATH: process.env.PATH ?? '' },
      }),
      onStateChange: ({ name, version, state }) => this.events.push(`${name} ${version} ${state}`),
    });
    this.deployer = new Deployer({
      thingName: 'line-1',
      nucleus: NUCLEI[nucleus],
      platform: { ...PLATFORM, runtime: NUCLEI[nucleus].runtime },
      layout,
      store: this.store,
      cloud: { resolveComponent: resolveFromTable, thingGroups: async () => undefined, ...cloud },
      artifacts: new ArtifactStore(layout, async () => Readable.from([])),
      components: this.components,
      updates: this.updates,
      validation: this.validation,
      log: (event) => this.events.push(event),
    });
  }

  /** Everything that runs, with its version, once it is up. */
  async running(): Promise<string[]> {
    const names = this.components.all.map(({ name }) => name);
    await this.components.waitUntilUp(
      names,
      ({ name }) => new Error(`${name} is broken`),
      new AbortController().signal,
    );
    return this.components.all.map(({ name, version }) => `${name} ${version}`).sort();
  }

  async end(): Promise<void> {
    this.deployer.stop();
    await this.components.stopAll();
    await this.registry.close();
  }
}

async function resolveFromTable(name: string, requirements: Readonly<Record<string, string>>) {
  const version = Object.values(requirements)[0]?.slice(1) ?? '';
  const found = RECIPES[`${name} ${version}`];
  if (!found) throw new GatewayError(`no ${name} ${version}`, 404);
  const recipe = {
    ComponentName: name,
    ComponentVersion: version,
    ComponentConfiguration: { DefaultConfiguration: found.configuration ?? {} },
    Manifests: [{ Platform: { runtime: '*' }, Lifecycle: { startup: found.startup } }],
  };
  return { componentName: name, componentVersion: version, recipe: JSON.stringify(recipe) };
}

let revision = 0;
function job(components: Record<string, string>, changes: Partial<DeploymentDocument> = {}): JobExecution {
  revision += 1;
  const jobDocument: DeploymentDocument = {
    deploymentId: `deployment-${revision}`,
    configurationArn: `arn:aws:greengrass:us-east-1:000000000000:configuration:thinggroup/line:${revision}`,
    components: Object.fromEntries(Object.entries(components).map(([name, version]) => [name, { version }])),
    failureHandlingPolicy: 'ROLLBACK',
    componentUpdatePolicy: { timeout: 60, action: 'NOTIFY_COMPONENTS' },
    configurationValidationPolicy: { timeout: 30 },
    requiredCapabilities: [],
    creationTimestamp: revision,
    ...changes,
  };
  return { jobId: `job-${revision}`, status: 'IN_PROGRESS', jobDocument };
}

let root: string;
const lives: Life[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'deployer-'));
});
afterEach(async () => {
  await Promise.all(lives.splice(0).map((life) => life.end()));
  rmSync(root, { recursive: true, force: true });
});
function live(options?: ConstructorParameters<typeof Life>[1]): Life {
  const life = new Life(root, options);
  lives.push(life);
  return life;
}
async function installed(components: Record<string, string>, nucleus?: NucleusName): Promise<Life> {
  const life = live({ ...(nucleus && { nucleus }) });
  await life.deployer.recover();
  await life.deployer.run(job(components));
  life.store.saveRecord(undefined);
  return life;
}

const OLD = { a: '1.0.0', b: '1.0.0' };

describe('[case 2] the power is cut before or after any durable write', () => {
  test.each([
    [
      'a good deployment ends with the new set',
      { a: '1.0.1', c: '1.0.0' },
      'SUCCESSFUL',
      ['a 1.0.1', 'c 1.0.0'],
    ],
    [
      'a bad deployment ends with the old set',
      { a: '1.0.2', c: '1.0.0' },
      'FAILED_ROLLBACK_COMPLETE',
      ['a 1.0.0', 'b 1.0.0'],
    ],
  ] as const)(
    '%s',
    async (_case, wanted, status, running) => {
      let cuts = 0;
      for (let cutAt = 0; ; cutAt += 1) {
        rmSync(root, { recursive: true, force: true });
        await (await installed(OLD)).end();
        const work = job(wanted);
        const first = live({ cutAt });
        await first.deployer.recover();
        const outcome = await first.deployer.run(work).catch((error: unknown) => error);
        await first.end();
        if (!(outcome instanceof DeviceStopping)) break;
        cuts += 1;

        const onDisk = Object.entries(new DeviceStateStore(layoutOf(root)).state.components);
        const set = onDisk
          .map(([name, { version }]) => `${name} ${version}`)
          .sort()
          .join();
        const whole = [OLD, wanted].map((one) =>
          Object.entries(one)
            .map((pair) => pair.join(' '))
            .sort()
            .join(),
        );
        expect(whole).toContain(set);

        const second = live();
        const recovered = (await second.deployer.recover()) ?? (await second.deployer.run(work));
        expect(recovered.outcome.detailedStatus).toBe(status);
        expect(await second.running()).toEqual(running);
        await second.end();
      }
      // PREPARING, ACTIVATING, state, FINISHED at least, each with two instants.
      expect(cuts).toBeGreaterThanOrEqual(8);
    },
    60_000,
  );
});

test('a device that dies three times while it activates a deployment gives it up and keeps the old set', async () => {
  await (await installed(OLD)).end();
  const work = job({ a: '1.0.1' });
  for (let death = 0; death < 3; death += 1) {
    // Instant 5 of every life with this job: the new state was just committed.
    const life = live({ cutAt: 5 + (death > 0 ? 4 : 0) });
    await life.deployer.recover();
    await expect(life.deployer.run(work)).rejects.toThrow(DeviceStopping);
    await life.end();
  }
  const life = live();
  await life.deployer.recover();
  const { outcome } = await life.deployer.run(work);
  expect(outcome.detailedStatus).toBe('FAILED_NO_STATE_CHANGE');
  expect(outcome.details['deployment-error-stack']).toContain('DEPLOYMENT_INTERRUPTED');
  expect(await life.running()).toEqual(['a 1.0.0', 'b 1.0.0']);
});

test('[case 15] the same set again touches nothing; [N2] components are asked all the same', async () => {
  const life = await installed(OLD);
  let asked = 0;
  life.updates.subscribe('a', (event) => {
    if (!('preUpdateEvent' in event)) return;
    asked += 1;
    life.updates.defer('a', event.preUpdateEvent.deploymentId);
  });
  const before = life.events.filter((event) => event.includes('RUNNING')).length;
  const { outcome } = await life.deployer.run(job(OLD));
  expect(outcome.detailedStatus).toBe('SUCCESSFUL');
  expect(life.events.filter((event) => event.includes('RUNNING'))).toHaveLength(before);
  expect(asked).toBe(1);
});

test('[N6] a number in the lifecycle restarts a component after a start, at a roll-back and once after it', async () => {
  const set = { numbered: '1.0.0', a: '1.0.0' };
  await (await installed(set)).end();
  const life = live();
  await life.deployer.recover();
  await life.running();
  const starts = async (next: Record<string, string>): Promise<number> => {
    const from = life.events.length;
    await life.deployer.run(job({ ...set, ...next }));
    return life.events.slice(from).filter((event) => event === 'numbered 1.0.0 STARTING').length;
  };
  expect(await starts({ a: '1.0.1' })).toBe(1);
  expect(await starts({ a: '1.0.0' })).toBe(0);
  expect(await starts({ a: '1.0.2' })).toBe(1); // fails and is rolled back
  expect(await starts({ a: '1.0.1' })).toBe(1);
  expect(await starts({ a: '1.0.0' })).toBe(0);
});

test('a rollback brings back the configuration as the component had left it', async () => {
  const life = await installed({ a: '1.0.0' });
  life.store.configuration.update('a', ['learned'], 7);
  const work = job({ a: '1.0.2' });
  const document = work.jobDocument as DeploymentDocument;
  const components = {
    a: { version: '1.0.2', configurationUpdate: { merge: { learned: 8 }, reset: ['/word'] } },
  };
  const { outcome } = await life.deployer.run({ ...work, jobDocument: { ...document, components } });
  expect(outcome.detailedStatus).toBe('FAILED_ROLLBACK_COMPLETE');
  expect(life.store.configuration.effective('a')).toEqual({ word: 'old', learned: 7 });
});

test('without the policy ROLLBACK the new set stays, broken as it is', async () => {
  const life = await installed(OLD);
  const { outcome } = await life.deployer.run(job({ a: '1.0.2' }, { failureHandlingPolicy: 'DO_NOTHING' }));
  expect(outcome.detailedStatus).toBe('FAILED_ROLLBACK_NOT_REQUESTED');
  expect(life.components.get('a')?.broken).toBe(true);
  expect((await life.deployer.run(job({ a: '1.0.1' }))).outcome.detailedStatus).toBe('SUCCESSFUL');
  expect(await life.running()).toEqual(['a 1.0.1']);
});

test('two targets add up; a newer revision of one replaces only its own', async () => {
  const life = await installed({ a: '1.0.0' });
  const arn = 'arn:aws:greengrass:us-east-1:000000000000:configuration:thing/line-1:1';
  await life.deployer.run(job({ b: '1.0.0' }, { configurationArn: arn }));
  expect(await life.running()).toEqual(['a 1.0.0', 'b 1.0.0']);
  await life.deployer.run(job({ c: '1.0.0' }));
  expect(await life.running()).toEqual(['b 1.0.0', 'c 1.0.0']);
});

test('components of a thing group that the device has left go with the next deployment', async () => {
  await (await installed({ a: '1.0.0' })).end();
  const life = live({ cloud: { thingGroups: async () => ['other'] } });
  await life.deployer.recover();
  const configurationArn = 'arn:aws:greengrass:us-east-1:000000000000:configuration:thinggroup/other:1';
  await life.deployer.run(job({ b: '1.0.0' }, { configurationArn }));
  expect(await life.running()).toEqual(['b 1.0.0']);
});

test('an older revision is rejected', async () => {
  const older = job({ a: '1.0.1' });
  const life = await installed(OLD);
  const { outcome } = await life.deployer.run(older);
  expect(outcome).toMatchObject({ jobStatus: 'REJECTED', detailedStatus: 'REJECTED' });
  expect(outcome.details['deployment-error-stack']).toContain('REJECTED_STALE_DEPLOYMENT');
  expect(await life.running()).toEqual(['a 1.0.0', 'b 1.0.0']);
});

test.each<[string, unknown, string]>([
  ['no document', 'nonsense', 'DEPLOYMENT_DOCUMENT_NOT_VALID'],
  ['an unknown component', { d: '1.0.0' }, 'NO_AVAILABLE_COMPONENT_VERSION'],
])('%s changes nothing', async (_case, what, code) => {
  const life = await installed(OLD);
  const work =
    typeof what === 'string' ? { ...job({}), jobDocument: what } : job(what as Record<string, string>);
  const { outcome } = await life.deployer.run(work);
  expect(outcome.detailedStatus).toBe('FAILED_NO_STATE_CHANGE');
  expect(outcome.details['deployment-error-stack']).toContain(code);
  expect(await life.running()).toEqual(['a 1.0.0', 'b 1.0.0']);
});

test('[case 34] an unreachable or throttling cloud is asked again', async () => {
  const failures = [
    new GatewayError('no answer'),
    new GatewayError('throttled', 429),
    new GatewayError('broken', 503),
  ];
  const life = live({
    cloud: {
      resolveComponent: async (name, requirements) => {
        const failure = failures.shift();
        if (failure) throw failure;
        return resolveFromTable(name, requirements);
      },
    },
  });
  expect((await life.deployer.run(job(OLD))).outcome.detailedStatus).toBe('SUCCESSFUL');
  expect(life.events.filter((event) => event === 'deploymentWaits')).toHaveLength(3);
});

test('[case 15] a deployment cancelled while a component puts it off changes nothing', async () => {
  const life = await installed(OLD);
  life.updates.subscribe('a', (event) => {
    if (!('preUpdateEvent' in event)) return;
    life.updates.defer('a', event.preUpdateEvent.deploymentId, 60_000);
    setImmediate(() => life.deployer.cancel('the job is no longer pending'));
  });
  await expect(life.deployer.run(job({ a: '1.0.1' }))).rejects.toThrow(DeploymentCancelled);
  expect(life.store.record).toBeUndefined();
  expect(await life.running()).toEqual(['a 1.0.0', 'b 1.0.0']);
});

test('a component that rejects its new configuration stops the deployment', async () => {
  const life = await installed({ a: '1.0.0' });
  life.validation.subscribe('a', ({ deploymentId, configuration }) =>
    life.validation.report('a', deploymentId, { status: 'REJECTED', message: `not ${configuration.word}` }),
  );
  const work = job({ a: '1.0.0' });
  const document = work.jobDocument as DeploymentDocument;
  const components = { a: { version: '1.0.0', configurationUpdate: { merge: { word: 'that' } } } };
  const { outcome } = await life.deployer.run({ ...work, jobDocument: { ...document, components } });
  expect(outcome.detailedStatus).toBe('FAILED_NO_STATE_CHANGE');
  expect(outcome.details['deployment-failure-cause']).toContain('not that');
  expect(life.store.configuration.effective('a')).toEqual({ word: 'old' });
});

describe('nucleus lite', () => {
  test.each([
    ['ignored', 'lite', 'SUCCESSFUL'],
    ['heard', 'lite', 'FAILED_ROLLBACK_NOT_REQUESTED'],
    ['ignored', 'classic', 'FAILED_ROLLBACK_COMPLETE'],
  ] as const)('[L3] the exit code of a startup script: %s by %s, %s', async (name, nucleus, status) => {
    const life = await installed({}, nucleus);
    expect((await life.deployer.run(job({ [name]: '1.0.0' }))).outcome.detailedStatus).toBe(status);
  });

  test('[L4] a configuration that changes restarts the component, and nobody is asked before', async () => {
    const life = await installed({ a: '1.0.0' }, 'lite');
    const asked = jest.fn();
    life.updates.subscribe('a', asked);
    life.validation.subscribe('a', asked);
    const work = job({ a: '1.0.0' });
    const components = { a: { version: '1.0.0', configurationUpdate: { merge: { word: 'that' } } } };
    const from = life.events.length;
    await life.deployer.run({ ...work, jobDocument: { ...(work.jobDocument as object), components } });
    expect(life.events.slice(from)).toContain('a 1.0.0 STARTING');
    expect(asked.mock.calls).toEqual([[{ postUpdateEvent: { deploymentId: expect.any(String) } }]]);
  });

  test('[L9] a failed deployment is not taken back', async () => {
    const life = await installed(OLD, 'lite');
    const { outcome } = await life.deployer.run(job({ heard: '1.0.0' }));
    expect(outcome).toMatchObject({ jobStatus: 'FAILED' });
    expect(life.components.all.map(({ name, broken }) => `${name} ${broken}`)).toContain('heard true');
  });
});
