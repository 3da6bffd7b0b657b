/**
 * Builds everything that a deployment carries, into dist/:
 *
 * - `lambda/<noun>/<verb-object>/index.js`: every Lambda function, in one esbuild pass
 * - `edge/inference-<architecture>.zip` with its bill of materials, `edge/inference.json`, `edge/deliver-release.cjs`: what
 *   devices run
 * - `training/sourcedir.tar.gz`: the code of the training jobs
 *
 * The same sources give the same bytes, so that an unchanged function is not deployed again.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import writeFileAtomic from 'write-file-atomic';

const ROOT = join(__dirname, '..');
const DIST = join(ROOT, 'dist');
const LAMBDA = join(ROOT, 'lambda');

/** Builds with an owner of their own: module and exported function, called with its output folder. */
const OTHER_BUILDS = [
  { module: 'edge-components/inference/build', name: 'buildInferenceArtifact', output: 'edge' },
  { module: 'edge-components/model/build', name: 'buildDeliverRelease', output: 'edge' },
  { module: 'scripts/build-training-source', name: 'buildTrainingSource', output: 'training' },
];

/** Folders `<noun>/<verb-object>` under lambda/ that hold a handler. */
export function handlerFolders(): string[] {
  return readdirSync(LAMBDA, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === 'handler.ts')
    .map((entry) => entry.parentPath.slice(LAMBDA.length + 1))
    .sort();
}

/** A function that is no more would look like a part of this build. */
function removeOthers(built: ReadonlySet<string>): void {
  for (const entry of readdirSync(join(DIST, 'lambda'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.name === 'index.js' && !built.has(path)) rmSync(path);
  }
}

/**
 * Bundles every handler to `<outdir>/<noun>/<verb-object>/index.js`. The runtime's own SDK changes without notice, so ours
 * is bundled.
 */
export const bundlingOf = (folders: readonly string[], outdir: string): BuildOptions => ({
  entryPoints: Object.fromEntries(
    folders.map((folder) => [`${folder}/index`, join(LAMBDA, folder, 'handler.ts')]),
  ),
  outdir,
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  // The SDK's ES modules let esbuild leave out the commands that nobody calls.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'warning',
});

export async function buildHandlers(): Promise<string[]> {
  const folders = handlerFolders();
  const { outputFiles } = await build({ ...bundlingOf(folders, join(DIST, 'lambda')), write: false });
  // Another build, or a synthesis that reads these folders, may be running: what is unchanged is left alone.
  for (const { path, contents } of outputFiles) {
    const bytes = Buffer.from(contents);
    if (existsSync(path) && bytes.equals(readFileSync(path))) continue;
    mkdirSync(dirname(path), { recursive: true });
    await writeFileAtomic(path, bytes);
  }
  removeOthers(new Set(outputFiles.map(({ path }) => path)));
  return folders;
}

async function buildOthers(): Promise<void> {
  for (const { module, name, output } of OTHER_BUILDS) {
    const file = join(ROOT, `${module}.ts`);
    if (!existsSync(file)) throw new Error(`${module}.ts is missing: it builds a part of dist/${output}`);
    const run: unknown = (await import(file))[name];
    if (typeof run !== 'function') throw new Error(`${module}.ts must export the function ${name}`);
    await run(join(DIST, output));
  }
}

export async function buildAll(): Promise<void> {
  const [folders] = await Promise.all([buildHandlers(), buildOthers()]);
  console.error(`built ${folders.length} functions, the edge components and the training source into dist/`);
}

if (require.main === module) {
  buildAll().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
