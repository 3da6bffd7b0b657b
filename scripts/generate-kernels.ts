/**
 * Compiles the device's loops over pixels: <name>-kernel.wat -> <name>-kernel.ts, in edge-components/inference/src/models.
 * A few hundred bytes each, so that bundles and tests read no file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const FOLDER = join(__dirname, '..', 'edge-components', 'inference', 'src', 'models');
export const KERNELS = ['resample', 'statistics'] as const;

export const kernelSource = (name: string): string => join(FOLDER, `${name}-kernel.wat`);
export const kernelModule = (name: string): string => join(FOLDER, `${name}-kernel.ts`);

/** What {@link kernelModule} holds. @throws Error for what is no WebAssembly text, with the line */
export async function compiledKernel(name: string): Promise<string> {
  const source = kernelSource(name);
  const module = (await wabt()).parseWat(source, readFileSync(source, 'utf8'), { simd: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  const text = Buffer.from(buffer).toString('base64');
  const lines = text.match(/.{1,100}/g) ?? [];
  return [
    `/** Generated from ${name}-kernel.wat by scripts/generate-kernels.ts. Do not edit. WebAssembly in base64. */`,
    'export const KERNEL = [',
    ...lines.map((line) => `  '${line}',`),
    "].join('');",
    '',
  ].join('\n');
}

async function main(): Promise<void> {
  for (const name of KERNELS) writeFileSync(kernelModule(name), await compiledKernel(name));
}

if (require.main === module) {
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
