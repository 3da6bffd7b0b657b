/**
 * Builds everything that a deployment carries, into dist/:
 *
 * - `lambda/<noun>/<verb-object>/index.js`: every Lambda function; beside that of telemetry/answer-question what decodes
 *   frames and runs networks, `frame-classifier.cjs` with its native files
 * - `edge/inference-<architecture>.zip` with its bill of materials, `edge/inference.json`, `edge/deliver-release.cjs`: what
 *   devices run; `edge/check-device.cjs`: what a device is given at provisioning
 * - `training/sourcedir.tar.gz`: the code of the training jobs
 *
 * The same sources give the same bytes, so that an unchanged function is not deployed again.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Metafile, type OutputFile } from 'esbuild';
import writeFileAtomic from 'write-file-atomic';
import type { ContractName } from '../contracts';
import { compiledValidators } from '../contracts/compiled-validators';

const ROOT = join(__dirname, '..');
const DIST = join(ROOT, 'dist');
const LAMBDA = join(ROOT, 'lambda');

/** Builds with an owner of their own: module and exported function, called with its output folder. */
const OTHER_BUILDS = [
  { module: 'edge-components/inference/build', name: 'buildInferenceArtifact', output: 'edge' },
  {
    module: 'edge-components/inference/packaging/frame-classifier',
    name: 'buildFrameClassifier',
    output: 'lambda/telemetry/answer-question',
  },
  { module: 'edge-components/model/build', name: 'buildDeliverRelease', output: 'edge' },
  { module: 'scripts/build-check-device', name: 'buildCheckDevice', output: 'edge' },
  { module: 'scripts/build-training-source', name: 'buildTrainingSource', output: 'training' },
];

/** Folders `<noun>/<verb-object>` under lambda/ that hold a handler. */
export function handlerFolders(): string[] {
  return readdirSync(LAMBDA, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name === 'handler.ts')
    .map((entry) => entry.parentPath.slice(LAMBDA.length + 1))
    .sort();
}

/** Another build, or a synthesis that reads these folders, may be running: what is unchanged is left alone. */
async function put({ path, contents }: OutputFile): Promise<void> {
  const bytes = Buffer.from(contents);
  if (existsSync(path) && bytes.equals(readFileSync(path))) return;
  mkdirSync(dirname(path), { recursive: true });
  await writeFileAtomic(path, bytes);
}

/** A function that is no more would look like a part of this build. */
function removeOthers(outdir: string, built: ReadonlySet<string>): void {
  for (const entry of readdirSync(outdir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.name === 'index.js' && !built.has(path)) rmSync(path);
  }
}

const bundlingOf = (folders: readonly string[], outdir: string): BuildOptions => ({
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
  // All that its default chain would find in a function.
  alias: { '@aws-sdk/credential-provider-node': join(LAMBDA, 'shared', 'environment-credentials.ts') },
  legalComments: 'none',
  logLevel: 'warning',
});

/** Contracts by the literal names that a source gives to the functions of contracts/validation.ts. */
const VALIDATION = /\b(?:problemsOf|parseContract|parseContractJson)(?:<[^>(]*>)?\(\s*'([a-z-]+)'/g;

function contractsIn({ inputs }: Metafile['outputs'][string]): ContractName[] {
  const own = Object.keys(inputs).filter((path) => path.startsWith('lambda/'));
  const names = own.flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(VALIDATION)].map(([, name]) => name as ContractName),
  );
  return [...new Set(names)].sort();
}

/** Folders of handlers by the contracts that they validate. */
async function byContracts(folders: readonly string[]): Promise<Map<string, string[]>> {
  // Of our own sources only: reading the SDK is what bundling takes its time for.
  const look = { packages: 'external', minify: false, write: false, metafile: true } as const;
  const { metafile } = await build({ ...bundlingOf(folders, DIST), ...look });
  const groups = new Map<string, string[]>();
  for (const output of Object.values(metafile.outputs)) {
    const folder = output.entryPoint?.slice('lambda/'.length, -'/handler.ts'.length) ?? '';
    const contracts = contractsIn(output).join();
    groups.set(contracts, [...(groups.get(contracts) ?? []), folder]);
  }
  return groups;
}

/**
 * Bundles every handler to `<outdir>/<noun>/<verb-object>/index.js`, with the validators of the contracts that it asks for.
 * The runtime's own SDK changes without notice, so ours is bundled.
 * @returns what esbuild says of each output
 */
export async function bundleHandlers(outdir: string): Promise<Metafile['outputs'][string][]> {
  const groups = await byContracts(handlerFolders());
  const built = await Promise.all(
    [...groups].map(([contracts, folders]) => {
      const validated = contracts.split(',').filter(Boolean) as ContractName[];
      const plugins = [compiledValidators({ validated })];
      return build({ ...bundlingOf(folders, outdir), metafile: true, write: false, plugins });
    }),
  );
  const files = built.flatMap(({ outputFiles }) => outputFiles);
  await Promise.all(files.map(put));
  removeOthers(outdir, new Set(files.map(({ path }) => path)));
  return built.flatMap(({ metafile }) => Object.values(metafile.outputs));
}

export async function buildHandlers(): Promise<string[]> {
  await bundleHandlers(join(DIST, 'lambda'));
  return handlerFolders();
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
