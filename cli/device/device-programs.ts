/** The programs that a device's folder brings along: they need nothing of this repository. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../shared/errors';

/** As `npm run build` leaves it, which every deployment runs. */
const CHECK_PROGRAM = join(__dirname, '..', '..', 'dist', 'edge', 'check-device.cjs');

/** The shell script that makes a machine the device. */
export function installScript(): Promise<string> {
  return readFile(join(__dirname, 'on-device', 'install.sh'), 'utf8');
}

/**
 * The program that says what a machine lacks.
 * @param path of the program
 * @throws InputError when it was not built
 */
export async function checkProgram(path: string = CHECK_PROGRAM): Promise<string> {
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new InputError(`'${path}' cannot be read: ${error.message}: run npm run build`);
  });
}
