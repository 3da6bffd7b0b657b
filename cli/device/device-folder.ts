/** The folder that a device is given at provisioning. */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';
import type { DeviceEndpoints } from './endpoints';

export const WAVES = ['canary', 'stable'] as const;
export type Wave = (typeof WAVES)[number];

/** Output of the environment's stacks with the name of a wave's thing group. */
export const waveGroupOutput = (wave: Wave): string =>
  wave === 'canary' ? 'CanaryGroupName' : 'StableGroupName';

/** Names of the thing groups of all waves. */
export const waveGroups = (environment: Pick<KaizenEnvironment, 'output'>): string[] =>
  WAVES.map((wave) => environment.output(waveGroupOutput(wave)));

/** thing.json: who the device is. */
export interface ThingFile {
  readonly schemaVersion: 1;
  readonly environment: string;
  readonly region: string;
  readonly useCase: string;
  readonly thingName: string;
  readonly thingArn: string;
  readonly wave: Wave;
  readonly thingGroup: string;
  readonly certificateId: string;
  readonly certificateArn: string;
  readonly roleAlias: string;
  readonly endpoints: DeviceEndpoints;
}

export const DEVICE_FILES = {
  thing: 'thing.json',
  certificate: 'certificate.pem',
  privateKey: 'private-key.pem',
  trustedKeys: 'trusted-keys.json',
  rootAuthorities: 'root-ca.pem',
  classicConfiguration: 'nucleus-classic.yaml',
  liteConfiguration: 'nucleus-lite.yaml',
  install: 'install.sh',
  check: 'check-device.cjs',
} as const;
/** What is written anew by every run: everything but who the device is. */
type RenewedFile = Exclude<keyof typeof DEVICE_FILES, 'thing' | 'certificate' | 'privateKey'>;

const OWNER_ONLY = 0o600;
const OWNER_ONLY_FOLDER = 0o700;
const READABLE = 0o644;

/** Whole or not at all, and never readable by others for a moment. */
async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, content, { mode });
  await chmod(temporary, mode);
  await rename(temporary, path);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export class DeviceFolder {
  constructor(readonly path: string) {}

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: OWNER_ONLY_FOLDER });
  }

  /** @throws InputError when thing.json is there but cannot be read as one */
  async thing(): Promise<ThingFile | undefined> {
    const text = await readIfThere(join(this.path, DEVICE_FILES.thing));
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as ThingFile;
    } catch (error) {
      throw new InputError(`${join(this.path, DEVICE_FILES.thing)} is not JSON: ${(error as Error).message}`);
    }
  }

  /** Whether certificate and private key are there. */
  async hasKeys(): Promise<boolean> {
    const files = [DEVICE_FILES.certificate, DEVICE_FILES.privateKey];
    const contents = await Promise.all(files.map((file) => readIfThere(join(this.path, file))));
    return contents.every((content) => content?.startsWith('-----BEGIN '));
  }

  /** The certificate's ids come last: a thing.json always has its key beside it. */
  async writeKeys(certificatePem: string, privateKeyPem: string, thing: ThingFile): Promise<void> {
    await replaceFile(join(this.path, DEVICE_FILES.privateKey), privateKeyPem, OWNER_ONLY);
    await replaceFile(join(this.path, DEVICE_FILES.certificate), certificatePem, READABLE);
    await this.writeThing(thing);
  }

  writeThing(thing: ThingFile): Promise<void> {
    return replaceFile(join(this.path, DEVICE_FILES.thing), `${JSON.stringify(thing, null, 2)}\n`, READABLE);
  }

  write(file: RenewedFile, content: string): Promise<void> {
    return replaceFile(join(this.path, DEVICE_FILES[file]), content, READABLE);
  }
}
