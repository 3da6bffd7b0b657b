/** The programs that a device's folder brings along: they need nothing of this repository. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The shell script that makes a machine the device. */
export function installScript(): Promise<string> {
  return readFile(join(__dirname, 'on-device', 'install.sh'), 'utf8');
}

/** The program that says what a machine lacks: one file for the oldest Node that the component runs on. */
export async function checkProgram(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, 'check', 'main.ts')],
    // Or comments in the bundle would name where it was built.
    absWorkingDir: __dirname,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
