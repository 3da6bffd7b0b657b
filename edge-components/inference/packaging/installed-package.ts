/** Where npm packages lie on this machine. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..');
/** Made by scripts/setup.mjs: the packages of devices of another platform than this machine's, by architecture. */
const DEVICE_PACKAGES = join(ROOT, 'node_modules', '.devices');

/**
 * Absolute folder of a package.
 * @param folder relative to the repository, as in package-lock.json
 */
export function installedFolder(folder: string): string {
  const [, architecture] = /-(linux-(?:x64|arm64))$/.exec(folder) ?? [];
  const ofDevices = architecture && join(DEVICE_PACKAGES, architecture, folder);
  return ofDevices && existsSync(ofDevices) ? ofDevices : join(ROOT, folder);
}
