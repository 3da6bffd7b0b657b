/** The component's own code and the npm packages it uses, as CommonJS files that need no node_modules. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { contractValidators } from './contract-validators';

const ROOT = join(__dirname, '..', '..', '..');
const SOURCE = join(ROOT, 'edge-components', 'inference', 'src');

export interface Bundle {
  readonly contents: Uint8Array;
  /** Files, relative to the repository, of which code is in the bundle. */
  readonly inputs: readonly string[];
}

/** An expression for the bundle: a native file of the machine it runs on. */
function nativePath(...parts: string[]): string {
  const architecture = '`linux-$' + '{process.arch}`';
  const segments = parts.map((part) =>
    part.includes('*') ? `\`${part.replace('*', '$' + '{process.arch}')}\`` : `'${part}'`,
  );
  return `require('node:path').join(__dirname, 'native', ${architecture}, ${segments.join(', ')})`;
}

/** The source of a package's file with one expression replaced. @throws Error when it is not there any more */
async function patched(path: string, expression: RegExp, replacement: string): Promise<string> {
  const source = await readFile(path, 'utf8');
  if (!expression.test(source)) throw new Error(`${path}: has no ${expression} any more`);
  return source.replace(expression, () => replacement);
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
      const template = /require\(`\.\.\/bin\/napi-v6\/[^`]*`\)/;
      return {
        contents: await patched(path, template, `require(${nativePath('onnxruntime_binding.node')})`),
      };
    });
  },
};

/**
 * CommonJS packages whose entry requires far more than the part that is used, with that part: 54 KB of Modbus servers and
 * serial lines. An import of anything else fails this build.
 */
const PARTS: Readonly<Record<string, string>> = {
  jsmodbus: `export { default as ModbusTCPClient } from 'jsmodbus/dist/modbus-tcp-client.js';`,
};

/**
 * Packages that the component imports when it first needs them, each as a file of its own with what is used of it: V8
 * goes through all of a file before its first line runs, which takes 20 ms for the S3 client.
 */
const DEFERRED: Readonly<Record<string, { readonly file: string; readonly exports: string }>> = {
  '@aws-sdk/client-s3': { file: 's3-client', exports: 'PutObjectCommand, S3Client' },
};

const deferredPackages: Plugin = {
  name: 'deferred-packages',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${Object.keys(DEFERRED).join('|')})$`);
    onResolve({ filter }, ({ path, kind }) => {
      if (kind === 'entry-point') return { path, namespace: 'deferred-package' };
      if (kind === 'dynamic-import') return { path: `./${DEFERRED[path]?.file}.cjs`, external: true };
      return undefined;
    });
    onLoad({ filter, namespace: 'deferred-package' }, ({ path }) => ({
      contents: `export { ${DEFERRED[path]?.exports} } from '${path}';`,
      resolveDir: ROOT,
    }));
  },
};

const packageParts: Plugin = {
  name: 'package-parts',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${Object.keys(PARTS).join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'package-part' }));
    onLoad({ filter, namespace: 'package-part' }, ({ path }) => ({
      contents: PARTS[path] as string,
      resolveDir: ROOT,
    }));
  },
};

/** Folders, relative to the repository, of the npm packages of which code is in the bundle; sorted. */
export function packagesOf({ inputs }: Pick<Bundle, 'inputs'>): string[] {
  const folders = inputs.flatMap(
    (input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [],
  );
  return [...new Set(folders)].sort();
}

/** What esbuild read but found no use for is not in the output. */
function shippedInputs(inputs: Metafile['outputs'][string]['inputs']): string[] {
  return Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []));
}

const SHARED_OPTIONS = {
  absWorkingDir: ROOT,
  outdir: 'bundle',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  format: 'cjs',
  // ES modules let esbuild leave out what nobody calls: 100 KB of the AWS SDK.
  mainFields: ['module', 'main'],
  minify: true,
  keepNames: true,
  legalComments: 'inline',
  logLevel: 'silent',
} satisfies BuildOptions;

/** What decides about a frame, without the component around it, for a function on the Node of its runtime. */
export async function buildClassifierBundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    ...SHARED_OPTIONS,
    entryPoints: { 'frame-classifier': join(SOURCE, 'opinions', 'frame-classifier.ts') },
    target: 'node24',
    plugins: [nativeModules, contractValidators],
  });
  const [file] = outputFiles;
  if (!file) throw new Error('esbuild wrote no frame-classifier');
  return file.contents;
}

/**
 * A file for each kind of process, `main.cjs`, `agent.cjs`, `decoder-host.cjs` and `inference-host.cjs`, and a file for each deferred package. The same sources give the same bytes, wherever
 * the repository lies.
 */
export async function buildBundles(): Promise<ReadonlyMap<string, Bundle>> {
  const { outputFiles, metafile } = await build({
    entryPoints: {
      main: join(SOURCE, 'main.ts'),
      agent: join(SOURCE, 'agent-main.ts'),
      'decoder-host': join(SOURCE, 'models', 'decoder-host.ts'),
      'inference-host': join(SOURCE, 'models', 'inference-host.ts'),
      ...Object.fromEntries(Object.entries(DEFERRED).map(([name, { file }]) => [file, name])),
    },
    ...SHARED_OPTIONS,
    target: 'node20',
    plugins: [nativeModules, packageParts, deferredPackages, contractValidators],
  });
  return new Map(
    outputFiles.map(({ path, contents }) => {
      const name = basename(path);
      const inputs = metafile.outputs[`bundle/${name}`]?.inputs;
      if (!inputs) throw new Error(`esbuild does not say what is in ${name}`);
      return [name, { contents, inputs: shippedInputs(inputs) }];
    }),
  );
}
