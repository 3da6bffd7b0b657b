/**
 * The life of a device from its first to its last day, on both nuclei: the real component below a core device of the local AWS,
 * MQTT over mutual TLS, the stacks' own policies, rules and queues, the functions' own handlers, the operator's commands.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetCoreDeviceCommand } from '@aws-sdk/client-greengrassv2';
import {
  DescribeCertificateCommand,
  DescribeThingCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import type { NucleusName } from '@kaizen-edge/local-aws';
import { configureDevices } from '../../cli/device/configure-devices';
import { decommissionDevice } from '../../cli/device/decommission-device';
import type { ThingFile, Wave } from '../../cli/device/device-folder';
import { releaseIdOf } from '../../lambda/registry/names';
import type { RolloutState } from '../../lambda/rollout/rollout-state';
import { WaveDeployer } from '../../lambda/rollout/wave-deployer';
import { InventoryTable } from '../../lambda/telemetry/inventory-table';
import { makeModels, plainImage } from '../edge-components/release-fixture';
import { waitFor } from '../edge-components/wait-for';
import { type Account, account } from './device-life/account';
import { LifeCloud } from './device-life/life-cloud';
import { CAMERAS, type CameraName, LifeDevice, PATIENCE_MILLISECONDS } from './device-life/life-device';
import { LifeRollouts } from './device-life/life-rollouts';
import { CONFIG } from './device-life/life-stack';

jest.setTimeout(300_000);

/** Results that an outbox of the smallest bound does not hold: one has about 480 bytes. */
const SMALLEST_OUTBOX_BYTES = 65_536;
const MORE_THAN_IT_HOLDS = 250;

const cloud = new LifeCloud();
let image: Buffer;
let current: Life | undefined;

beforeAll(async () => {
  makeModels(join(cloud.folder, 'models'));
  image = await plainImage(200);
  await cloud.start();
});
// Also after a step that failed.
afterEach(() => current?.device.switchOff());
afterAll(() => cloud.stop());

/** What the steps of one life hand on. */
class Life {
  readonly device: LifeDevice;
  readonly rollouts: LifeRollouts;
  /** Release that has to answer frames. */
  inService = '';
  refused: RolloutState | undefined;
  readonly certificateIds: string[] = [];
  /** Below 0: what the full outbox had given up and counted was still in the nucleus's memory, and arrived. */
  lostInTheOutage = 0;

  constructor(
    nucleus: NucleusName,
    private readonly wave: Wave,
  ) {
    this.device = new LifeDevice(cloud, nucleus, wave, image);
    this.rollouts = new LifeRollouts(cloud, wave, join(cloud.folder, 'models'));
  }

  /** Shows a frame, and looks who has answered it. */
  async requireInService(): Promise<void> {
    const [frameId] = await this.device.inspect(1);
    await this.device.drained();
    const found = (await cloud.archived(this.device.thingName)).find((result) => result.frameId === frameId);
    expect(found).toMatchObject({ status: 'ok', releaseId: this.inService });
  }

  async books(): Promise<Account> {
    await cloud.settled();
    const { thingName, produced } = this.device;
    const archived = (await cloud.archived(thingName)).map(({ frameId }) => frameId);
    const { results: counted, dropped } = await cloud.counts(thingName, this.rollouts.releaseIds);
    return account({ produced, archived, counted, dropped });
  }

  /** Deploys a document with this camera beside the first, and the smallest outbox; without one it says nothing. */
  async configure(camera?: CameraName): Promise<void> {
    const file = join(cloud.folder, `${this.device.nucleus}-document.json`);
    const { useCases } = cloud.deviceConfiguration;
    const { [CONFIG.useCase]: useCase } = useCases;
    const changed = useCase && {
      ...useCase,
      cameras: { ...useCase.cameras, ...(camera && this.socket(camera)) },
      outbox: { ...useCase.outbox, maximumBytes: SMALLEST_OUTBOX_BYTES },
    };
    const document = { schemaVersion: 1, ...(camera && { useCases: { [CONFIG.useCase]: changed } }) };
    writeFileSync(file, JSON.stringify(document));
    const { clients, environment, deliveryScript } = cloud;
    await configureDevices(clients, environment, { file, wave: this.wave, deliveryScript });
  }

  socket(camera: CameraName) {
    return { [camera]: { type: 'socket' as const, path: this.device.socketOf(camera) } };
  }

  async cameras(...expected: CameraName[]): Promise<void> {
    const others = CAMERAS.filter((name) => !expected.includes(name));
    await waitFor(
      `no cameras but ${expected.join(', ')}`,
      () =>
        expected.every((name) => this.device.hasCamera(name)) &&
        !others.some((name) => this.device.hasCamera(name)),
      PATIENCE_MILLISECONDS,
    );
    for (const camera of expected) await this.device.inspect(3, camera);
  }
}

async function isProvisioned({ device, certificateIds }: Life): Promise<void> {
  const thing = await device.provision();
  certificateIds.push(thing.certificateId);
  expect(await device.refusals(thing)).toEqual([undefined, undefined]);
  await device.switchOn();
}

async function getsItsFirstRelease(life: Life): Promise<void> {
  const counter = await life.rollouts.build({ gain: 4 });
  const state = await life.rollouts.deploy(counter);
  expect(state.check).toMatchObject({ status: 'READY', devices: 1 });
  await life.rollouts.complete(state);
  life.inService = releaseIdOf(CONFIG.useCase, counter);
  await life.device.inspect(20);
}

async function isConfiguredByADeployment(life: Life): Promise<void> {
  const useCases = { [CONFIG.useCase]: { cameras: life.socket('camera-2') } };
  const deployer = new WaveDeployer(cloud.clients.greengrass);
  await deployer.configure(life.rollouts.thingGroupArn, cloud.inference, { useCases }, 'a second camera');
  await life.cameras('camera-1', 'camera-2');
}

async function isConfiguredByADocument(life: Life): Promise<void> {
  await life.configure('camera-3');
  await life.cameras('camera-1', 'camera-3');
}

async function refusesABadRelease(life: Life): Promise<void> {
  const counter = await life.rollouts.build({ gain: 4, fp32: 'gain-7.onnx' });
  life.refused = await life.rollouts.deploy(counter);
  expect(life.refused.check).toMatchObject({ status: 'FAILED', ready: 0 });
  expect(life.refused.check?.reasons).toEqual([expect.stringContaining('GOLDEN_SAMPLE_MISMATCH')]);
}

async function isRolledBack(life: Life): Promise<void> {
  const { check, rollback } = await life.rollouts.rollBack(life.refused as RolloutState);
  expect(check).toMatchObject({ status: 'READY' });
  life.inService = rollback?.releaseId as string;
}

async function isOfflineForLongerThanItsOutboxHolds(life: Life): Promise<void> {
  const { device, rollouts } = life;
  await device.drained();
  device.cutNetwork();
  await device.inspect(MORE_THAN_IT_HOLDS);
  device.restoreNetwork();
  await device.drained();
  const { dropped } = await cloud.counts(device.thingName, rollouts.releaseIds);
  expect(dropped).toBeGreaterThan(0);
  const { lostUncounted } = await life.books();
  expect(lostUncounted).toBeLessThanOrEqual(0);
  life.lostInTheOutage = lostUncounted;
}

async function losesItsPowerWhileOffline({ device }: Life): Promise<void> {
  device.cutNetwork();
  await device.inspect(30);
  await device.burst(16);
  await device.cutPower();
  await device.start();
}

async function getsAnotherCertificate(life: Life): Promise<void> {
  const { device } = life;
  const before = await device.provision();
  const copy = device.copyIdentity();
  await cloud.clients.iot.send(
    new UpdateCertificateCommand({ certificateId: before.certificateId, newStatus: 'INACTIVE' }),
  );
  const thing = await device.provision();
  life.certificateIds.push(thing.certificateId);
  await device.restart();
  expect(await device.refusals(thing)).toEqual([undefined, undefined]);
  expect(await device.refusals(before, copy)).toEqual([
    expect.stringContaining('403'),
    expect.stringContaining('403'),
  ]);
  // A deployment needs every right that the certificate has; this one takes the document away.
  await life.configure();
  await life.cameras('camera-1', 'camera-2');
}

async function isRemoved({ device, certificateIds }: Life): Promise<void> {
  const { clients, environment } = cloud;
  const { thingName } = device;
  const thing: ThingFile = await device.provision();
  await device.switchOff();
  // Its last status would bring its place in the inventory back.
  await cloud.settled();
  await decommissionDevice(clients, environment, { thingName });
  const gone = expect.objectContaining({ name: 'ResourceNotFoundException' });
  await expect(clients.iot.send(new DescribeThingCommand({ thingName }))).rejects.toEqual(gone);
  expect(new Set(certificateIds).size).toBe(2);
  for (const certificateId of certificateIds) {
    await expect(clients.iot.send(new DescribeCertificateCommand({ certificateId }))).rejects.toEqual(gone);
  }
  await expect(
    clients.greengrass.send(new GetCoreDeviceCommand({ coreDeviceThingName: thingName })),
  ).rejects.toEqual(gone);
  const inventory = new InventoryTable(clients.dynamoDb, environment.output('InventoryTableName'));
  expect(await inventory.find(thingName)).toBeUndefined();
  expect(await device.refusals(thing)).toEqual([
    expect.stringContaining('403'),
    expect.stringContaining('403'),
  ]);
}

/** In the order of a life; after each step but the first and the last the release in service must answer. */
const STEPS: readonly (readonly [string, (life: Life) => Promise<void>])[] = [
  ['is provisioned', isProvisioned],
  ['gets its first release', getsItsFirstRelease],
  ['is configured by a deployment', isConfiguredByADeployment],
  ['is configured by a document', isConfiguredByADocument],
  ['refuses a bad release', refusesABadRelease],
  ['is rolled back', isRolledBack],
  ['is offline for longer than its outbox holds', isOfflineForLongerThanItsOutboxHolds],
  ['loses its power while offline', losesItsPowerWhileOffline],
  ['gets another certificate', getsAnotherCertificate],
  ['is removed', isRemoved],
];

async function live(life: Life): Promise<void> {
  for (const [what, step] of STEPS) {
    try {
      await step(life);
      if (step !== isProvisioned && step !== isRemoved) await life.requireInService();
    } catch (error) {
      throw new Error(`the device ${what}: ${(error as Error).message}`, { cause: error });
    }
  }
}

test.each([
  ['classic', 'canary'],
  ['lite', 'stable'],
] as const)(
  '[B25] [S7] a device of nucleus %s from its first to its last day: nothing that it has produced is lost uncounted, or counted twice',
  async (nucleus, wave) => {
    const life = new Life(nucleus, wave);
    current = life;
    await live(life);
    const balanced = { twice: 0, invented: 0, miscounted: 0, lostUncounted: life.lostInTheOutage };
    expect(await life.books()).toEqual(balanced);
    expect(life.device.produced.size).toBeGreaterThan(MORE_THAN_IT_HOLDS);
  },
);
