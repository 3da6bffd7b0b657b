/** What tests of the real component begin and end with: its artifact, models, a signing key, and devices that are stopped. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { NucleusName } from '@kaizen-edge/local-aws';
import { Device, unpackArtifact } from './device-harness';
import { makeModels, offeredFolder, signingKey, temporaryFolder } from './release-fixture';

interface DeviceOptions {
  /** @default classic */
  readonly nucleus?: NucleusName;
  /** Of the component's process. */
  readonly environment?: Record<string, string>;
}

/** To be called once in a test file; devices trust the suite's key and `others`. */
export function deviceSuite(others: readonly ReturnType<typeof signingKey>[] = []) {
  const root = temporaryFolder();
  const models = join(root, 'models');
  const key = signingKey();
  const devices: Device[] = [];
  let folders = 0;
  const newFolder = (): string => join(root, `folder-${++folders}`);

  async function newDevice({ nucleus = 'classic', environment = {} }: DeviceOptions = {}): Promise<Device> {
    const device = new Device(newFolder(), root, [key, ...others]);
    device.nucleus = nucleus;
    device.environment = environment;
    devices.push(device);
    await device.start();
    return device;
  }

  /** @returns a folder with a release, signed with the suite's key */
  async function release(options: Parameters<typeof offeredFolder>[3]): Promise<string> {
    const folder = newFolder();
    await offeredFolder(folder, models, key, options);
    return folder;
  }

  beforeAll(async () => {
    makeModels(models);
    await unpackArtifact(root);
  });
  afterEach(async () => {
    await Promise.all(devices.splice(0).map((device) => device.stop()));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  return { root, models, key, newFolder, newDevice, release };
}
