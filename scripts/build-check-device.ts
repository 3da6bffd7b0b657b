/** Builds the program that says what a device's machine lacks. `npx tsx scripts/build-check-device.ts` writes dist/edge/check-device.cjs. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import writeFileAtomic from 'write-file-atomic';

const ROOT = join(__dirname, '..');

/** Writes `check-device.cjs`, one file for the oldest Node that the component runs on, and returns its path. */
export async function buildCheckDevice(outDirectory: string): Promise<string> {
  const outfile = join(outDirectory, 'check-device.cjs');
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'cli', 'device', 'check', 'main.ts')],
    // Or comments in the bundle would name where it was built.
    absWorkingDir: ROOT,
    outfile,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'silent',
  });
  await mkdir(outDirectory, { recursive: true });
  for (const { path, contents } of outputFiles) await writeFileAtomic(path, Buffer.from(contents));
  return outfile;
}

if (require.main === module) {
  buildCheckDevice(join(ROOT, 'dist', 'edge')).then(console.log, (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
