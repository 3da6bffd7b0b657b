/** Builds the startup script of model components. `npx tsx edge-components/model/build.ts` writes dist/edge/deliver-release.cjs. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(__dirname, '..', '..');

/** Writes `deliver-release.cjs`, one file without dependencies, and returns its path. */
export async function buildDeliverRelease(outDirectory: string): Promise<string> {
  await mkdir(outDirectory, { recursive: true });
  const outfile = join(outDirectory, 'deliver-release.cjs');
  await build({
    entryPoints: [join(ROOT, 'edge-components', 'model', 'src', 'deliver-release.ts')],
    absWorkingDir: ROOT,
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'silent',
  });
  return outfile;
}

if (require.main === module) {
  buildDeliverRelease(join(ROOT, 'dist', 'edge')).then(console.log, (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
