/** Reads what is known of this machine. */
import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { compareVersions } from '../../../contracts/edge-platform';
import { DEVICE_FILES, DeviceFolder } from '../device-folder';
import { type Nucleus, PLACES } from '../nucleus-configuration';
import type { CertificateFact, DeviceFacts, FileFact } from './device-facts';
import { askEndpoints } from './endpoints';

export interface FactsRequest {
  /** What `kaizen device provision` wrote. */
  readonly folder: string;
  readonly nucleus: Nucleus;
  /** Leaves the endpoints alone. */
  readonly offline: boolean;
}

interface Report {
  readonly header: { readonly glibcVersionRuntime?: string };
  readonly sharedObjects: readonly string[];
}

/** First line of what a program says of its version, on whichever output; undefined where it is missing. */
function versionLine(command: string, argument: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, [argument], { encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? (stdout || stderr).split('\n')[0] : undefined;
}

const firstNumber = (text: string | undefined, pattern: RegExp): number | undefined => {
  const [, number] = pattern.exec(text ?? '') ?? [];
  return number === undefined ? undefined : Number(number);
};

/** `systemd 257 (257.8-1)` */
export const systemdVersion = (line: string | undefined): number | undefined =>
  firstNumber(line, /^systemd (\d+)/);

/** `openjdk version "17.0.12" 2024-07-16`, and of Java 8 `java version "1.8.0_412"`. */
export const javaVersion = (line: string | undefined): number | undefined =>
  firstNumber(line, /version "(?:1\.)?(\d+)/);

/** The newest version that a C++ library names; undefined when it names none. */
export function newestGlibcxx(library: Buffer): string | undefined {
  const versions = library.toString('latin1').match(/GLIBCXX_\d+(\.\d+)+/g) ?? [];
  return versions
    .map((name) => name.slice('GLIBCXX_'.length))
    .sort(compareVersions)
    .at(-1);
}

/** Node has loaded the library itself, so its own report says where it is. */
async function glibcxx({ sharedObjects }: Report): Promise<string | undefined> {
  const path = sharedObjects.find((name) => /\/libstdc\+\+\.so/.test(name));
  return path === undefined ? undefined : newestGlibcxx(await readFile(path));
}

/** Of the nearest folder that is there: before the installation, the nucleus's is not. */
async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === '/') throw error;
    return freeBytes(dirname(path));
  }
}

async function fileFacts(folder: string): Promise<Record<string, FileFact>> {
  const entries = Object.values(DEVICE_FILES).map(async (name): Promise<[string, FileFact]> => {
    const found = await stat(join(folder, name)).catch(() => undefined);
    return [name, { mode: found && found.mode & 0o777 }];
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function certificateFact(folder: string): Promise<CertificateFact | undefined> {
  try {
    const certificate = new X509Certificate(await readFile(join(folder, DEVICE_FILES.certificate)));
    const key = createPrivateKey(await readFile(join(folder, DEVICE_FILES.privateKey)));
    return {
      validFrom: new Date(certificate.validFrom),
      validTo: new Date(certificate.validTo),
      fitsKey: certificate.checkPrivateKey(key),
    };
  } catch {
    return undefined;
  }
}

/** @throws InputError when thing.json cannot be read as one */
export async function readFacts({ folder, nucleus, offline }: FactsRequest): Promise<DeviceFacts> {
  const report = process.report.getReport() as unknown as Report;
  const thing = await new DeviceFolder(folder).thing();
  return {
    now: new Date(),
    architecture: `${process.platform}-${process.arch}`,
    node: { version: process.versions.node, path: process.execPath },
    glibc: report.header.glibcVersionRuntime,
    glibcxx: await glibcxx(report),
    systemd: systemdVersion(versionLine('systemctl', '--version')),
    java: javaVersion(versionLine('java', '-version')),
    memoryBytes: totalmem(),
    freeDiskBytes: await freeBytes(PLACES[nucleus].root),
    files: await fileFacts(folder),
    certificate: await certificateFact(folder),
    endpoints: offline || !thing ? [] : await askEndpoints(folder, thing),
  };
}
