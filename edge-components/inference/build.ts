/**
 * Builds the self-contained artifact of com.kaizenedge.Inference: two bundles and the native files of the target
 * architectures, nothing else. It runs from any folder with a `node` >= 20.9 on the device; nothing is installed there.
 *
 *     main.cjs, inference-host.cjs
 *     native/<architecture>/aws-crt-nodejs.node
 *     native/<architecture>/onnxruntime_binding.node, libonnxruntime.so.1      RUNPATH of the binding is $ORIGIN
 *     native/<architecture>/@img/sharp-<architecture>/lib/sharp.node           its RUNPATH leads to the next
 *     native/<architecture>/@img/sharp-libvips-<architecture>/lib/libvips-cpp.so.*
 *
 * `npx tsx edge-components/inference/build.ts` writes dist/edge/inference.zip and inference.json.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { type Zippable, zipSync } from 'fflate';
import type { EdgeArchitecture } from './recipe';

const ROOT = join(__dirname, '..', '..');
const MODULES = join(ROOT, 'node_modules');
const ARCHITECTURES: readonly EdgeArchitecture[] = ['linux-x64', 'linux-arm64'];
/** The oldest time that a zip entry can hold: the archive must not depend on when it was made. */
const ENTRY_TIME = new Date(1980, 0, 1);
/** Level 9 saves 0.3 % and takes three times as long. */
const COMPRESSION_LEVEL = 6;

export interface InferenceArtifact {
  readonly zipPath: string;
  /** `1.<a>.<b>` from the SHA-256 of the archive: the same content has the same version. */
  readonly version: string;
  readonly architectures: readonly EdgeArchitecture[];
}

/** inference.json. */
interface ArtifactDescription {
  readonly version: string;
  /** SHA-256 of inference.zip. */
  readonly sha256: string;
  readonly bytes: number;
  readonly architectures: readonly EdgeArchitecture[];
  /** SHA-256 over the names and digests of the files inside: the key under which a build is reused. */
  readonly contentSha256: string;
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** Where an architecture's native files come from, by their path in the artifact; undefined when one is not installed. */
async function nativeFiles(architecture: EdgeArchitecture): Promise<Map<string, string> | undefined> {
  const cpu = architecture.slice('linux-'.length);
  const home = `native/${architecture}`;
  const runtime = join(MODULES, 'onnxruntime-node', 'bin', 'napi-v6', 'linux', cpu);
  const sharpFolder = join(MODULES, '@img', `sharp-${architecture}`, 'lib');
  const libvipsFolder = join(MODULES, '@img', `sharp-libvips-${architecture}`, 'lib');
  const sharpBinding = await onlyFile(sharpFolder, /^sharp-.*\.node$/);
  const libvips = await onlyFile(libvipsFolder, /^libvips-cpp\.so/);
  if (!sharpBinding || !libvips) return undefined;
  const files = new Map([
    [
      `${home}/aws-crt-nodejs.node`,
      join(MODULES, 'aws-crt', 'dist', 'bin', `${architecture}-glibc`, 'aws-crt-nodejs.node'),
    ],
    [`${home}/onnxruntime_binding.node`, join(runtime, 'onnxruntime_binding.node')],
    [`${home}/libonnxruntime.so.1`, join(runtime, 'libonnxruntime.so.1')],
    [`${home}/@img/sharp-${architecture}/lib/sharp.node`, join(sharpFolder, sharpBinding)],
    [`${home}/@img/sharp-libvips-${architecture}/lib/${libvips}`, join(libvipsFolder, libvips)],
  ]);
  return [...files.values()].every((path) => existsSync(path)) ? files : undefined;
}

async function onlyFile(folder: string, pattern: RegExp): Promise<string | undefined> {
  return existsSync(folder) ? (await readdir(folder)).find((name) => pattern.test(name)) : undefined;
}

/** An expression for the bundle: a native file of the machine it runs on. */
function nativePath(...parts: string[]): string {
  const architecture = '`linux-$' + '{process.arch}`';
  const segments = parts.map((part) =>
    part.includes('*') ? `\`${part.replace('*', '$' + '{process.arch}')}\`` : `'${part}'`,
  );
  return `require('node:path').join(__dirname, 'native', ${architecture}, ${segments.join(', ')})`;
}

/** Points the packages' own searches for their native files at the artifact. */
const nativeModules: Plugin = {
  name: 'native-modules',
  setup({ onResolve, onLoad }) {
    // The package's ESM entry loads its native file through createRequire, which a bundle cannot follow.
    onResolve({ filter: /^sharp$/ }, () => ({ path: require.resolve('sharp') }));
    onLoad({ filter: /[\\/]sharp[\\/]dist[\\/]sharp\.cjs$/ }, () => ({
      contents: `module.exports = require(${nativePath('@img', 'sharp-linux-*', 'lib', 'sharp.node')});`,
    }));
    onLoad({ filter: /[\\/]onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const template = /require\(`\.\.\/bin\/napi-v6\/[^`]*`\)/;
      if (!template.test(source))
        throw new Error(`${path}: has no templated require of its binding any more`);
      return {
        contents: source.replace(template, () => `require(${nativePath('onnxruntime_binding.node')})`),
      };
    });
  },
};

async function bundles(): Promise<Map<string, Uint8Array>> {
  const source = join(ROOT, 'edge-components', 'inference', 'src');
  const { outputFiles } = await build({
    entryPoints: {
      main: join(source, 'main.ts'),
      'inference-host': join(source, 'adapters', 'inference-host.ts'),
    },
    absWorkingDir: ROOT,
    outdir: 'bundle',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    keepNames: true,
    legalComments: 'inline',
    logLevel: 'silent',
    plugins: [nativeModules],
    banner: {
      js: `process.env.AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH = ${nativePath('aws-crt-nodejs.node')};`,
    },
  });
  return new Map(outputFiles.map(({ path, contents }) => [path.slice(path.lastIndexOf('/') + 1), contents]));
}

function versionOf(digest: string): string {
  const part = (offset: number): number => Number.parseInt(digest.slice(offset, offset + 8), 16) % 1_000_000;
  return `1.${part(0)}.${part(8)}`;
}

/** Never a half-written file, also when two builds run at once. */
async function put(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content);
  await rename(temporary, path);
}

async function previousBuild(
  descriptionPath: string,
  zipPath: string,
): Promise<ArtifactDescription | undefined> {
  if (!existsSync(descriptionPath) || !existsSync(zipPath)) return undefined;
  const description = JSON.parse(await readFile(descriptionPath, 'utf8')) as ArtifactDescription;
  return sha256(await readFile(zipPath)) === description.sha256 ? description : undefined;
}

/**
 * Writes `inference.zip` and `inference.json`. The same inputs give the same bytes, and an archive that is already there
 * for them is reused.
 * @throws Error when the native files of linux-x64 are not installed
 */
export async function buildInferenceArtifact(outDirectory: string): Promise<InferenceArtifact> {
  const contents: [string, Uint8Array][] = [...(await bundles())];
  const architectures: EdgeArchitecture[] = [];
  for (const architecture of ARCHITECTURES) {
    const files = await nativeFiles(architecture);
    if (!files) continue;
    architectures.push(architecture);
    for (const [name, path] of files) contents.push([name, await readFile(path)]);
  }
  if (!architectures.includes('linux-x64')) {
    throw new Error(
      'the native files of linux-x64 are not installed: npm install --os=linux --cpu=x64 --libc=glibc',
    );
  }
  contents.sort(([left], [right]) => (left < right ? -1 : 1));
  const contentSha256 = sha256(contents.map(([name, bytes]) => `${sha256(bytes)} ${name}\n`).join(''));

  await mkdir(outDirectory, { recursive: true });
  const zipPath = join(outDirectory, 'inference.zip');
  const descriptionPath = join(outDirectory, 'inference.json');
  const previous = await previousBuild(descriptionPath, zipPath);
  if (previous?.contentSha256 === contentSha256) return { zipPath, version: previous.version, architectures };

  const entries: Zippable = Object.fromEntries(contents);
  const zip = zipSync(entries, { level: COMPRESSION_LEVEL, mtime: ENTRY_TIME });
  const digest = sha256(zip);
  const version = versionOf(digest);
  const description: ArtifactDescription = {
    version,
    sha256: digest,
    bytes: zip.length,
    architectures,
    contentSha256,
  };
  await put(zipPath, zip);
  await put(descriptionPath, `${JSON.stringify(description, null, 2)}\n`);
  return { zipPath, version, architectures };
}

if (require.main === module) {
  buildInferenceArtifact(join(ROOT, 'dist', 'edge')).then(
    ({ zipPath, version, architectures }) => console.log(`${zipPath} ${version} ${architectures.join(' ')}`),
    (error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
