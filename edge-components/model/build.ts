/** Builds the startup script of model components. `npx tsx edge-components/model/build.ts` writes dist/edge/deliver-release.cjs. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import writeFileAtomic from 'write-file-atomic';

const ROOT = join(__dirname, '..', '..');

/** Writes `deliver-release.cjs`, one file without dependencies, and returns its path. */
export async function buildDeliverRelease(outDirectory: string): Promise<string> {
  const outfile = join(outDirectory, 'deliver-release.cjs');
  const { outputFiles } = await build({
    write: false,
    entryPoints: [join(ROOT, 'edge-components', 'model', 'src', 'deliver-release.ts')],
    absWorkingDir: ROOT,
    outfile,
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
  buildDeliverRelease(join(ROOT, 'dist', 'edge')).then(console.log, (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
