/** What the infrastructure benchmarks share: the functions' bundles, and beside each its SDK clients alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { bundleHandlers } from '../../scripts/build-handlers';
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
    const outputs = await bundleHandlers(join(folder, 'functions'));
    const bundles = await Promise.all(
      outputs.map(async (output): Promise<FunctionBundle> => {
        const name = /^lambda\/(.*)\/handler\.ts$/.exec(output.entryPoint ?? '')?.[1];
        if (!name) throw new Error(`esbuild made ${output.entryPoint} of no handler`);
        const sdkPath = await bundleSdk(folder, name, output);
        return { name, path: join(folder, 'functions', name, 'index.js'), bytes: output.bytes, sdkPath };
      }),
    );
    bundles.sort((left, right) => (left.name < right.name ? -1 : 1));
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
  const bundling = { bundle: true, minify: true, platform: 'node', target: 'node24', format: 'cjs' } as const;
  await build({ ...bundling, mainFields: ['module', 'main'], entryPoints: [entry], outfile: path });
  return path;
}
