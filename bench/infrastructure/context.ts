/** What the infrastructure benchmarks share: the functions' bundles, and beside each its SDK clients alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { bundlingOf, handlerFolders } from '../../scripts/build-handlers';
import { REPOSITORY_ROOT } from '../../scripts/repository';
import type { SuiteContext } from '../suite';

/** What a function takes of the SDK: clients, and the commands that it sends. */
const OF_SDK =
  /node_modules\/@aws-sdk\/(?:client-[^/]+|lib-dynamodb)\/dist-es\/(?:commands\/\w+|\w+Client)\.js$/;

export interface FunctionBundle {
  /** `<noun>/<verb-object>`. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** A bundle, made alike, of its clients and commands and nothing else. */
  readonly sdkPath: string;
}

export class InfrastructureContext implements SuiteContext {
  private constructor(
    readonly folder: string,
    readonly bundles: readonly FunctionBundle[],
  ) {}

  static async prepare(): Promise<InfrastructureContext> {
    const folder = mkdtempSync(join(tmpdir(), 'kaizen-bench-infrastructure-'));
    const folders = handlerFolders();
    const { metafile } = await build({ ...bundlingOf(folders, join(folder, 'functions')), metafile: true });
    const outputs = Object.values(metafile.outputs);
    const bundles = await Promise.all(
      folders.map(async (name): Promise<FunctionBundle> => {
        const output = outputs.find(({ entryPoint }) => entryPoint === `lambda/${name}/handler.ts`);
        if (!output) throw new Error(`esbuild does not say what is in lambda/${name}`);
        const sdkPath = await bundleSdk(folder, name, output);
        return { name, path: join(folder, 'functions', name, 'index.js'), bytes: output.bytes, sdkPath };
      }),
    );
    return new InfrastructureContext(folder, bundles);
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function bundleSdk(folder: string, name: string, output: Metafile['outputs'][string]): Promise<string> {
  const parts = Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 && OF_SDK.test(path) ? [join(REPOSITORY_ROOT, path)] : [],
  );
  const entry = join(folder, `${name.replace('/', '-')}.mjs`);
  const path = join(folder, 'sdk', name, 'index.js');
  writeFileSync(entry, parts.map((part) => `export * from ${JSON.stringify(part)};\n`).join(''));
  const { outdir, ...bundling } = bundlingOf([], '');
  await build({ ...bundling, entryPoints: [entry], outfile: path });
  return path;
}
