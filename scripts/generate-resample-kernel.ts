/**
 * Compiles the loops of the device's resampler: resample-kernel.wat -> resample-kernel.ts, in
 * edge-components/inference/src/models. A few hundred bytes, so that bundles and tests read no file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const FOLDER = join(__dirname, '..', 'edge-components', 'inference', 'src', 'models');
export const KERNEL_SOURCE = join(FOLDER, 'resample-kernel.wat');
export const KERNEL_MODULE = join(FOLDER, 'resample-kernel.ts');

/** @throws Error for what is no WebAssembly text, with the line */
export async function kernelModule(source: string): Promise<string> {
  const module = (await wabt()).parseWat(KERNEL_SOURCE, source, { simd: true });
  const { buffer } = module.toBinary({});
  module.destroy();
  const text = Buffer.from(buffer).toString('base64');
  const lines = text.match(/.{1,100}/g) ?? [];
  return [
    '/** Generated from resample-kernel.wat by scripts/generate-resample-kernel.ts. Do not edit. WebAssembly in base64. */',
    'export const KERNEL = [',
    ...lines.map((line) => `  '${line}',`),
    "].join('');",
    '',
  ].join('\n');
}

if (require.main === module) {
  kernelModule(readFileSync(KERNEL_SOURCE, 'utf8')).then(
    (text) => writeFileSync(KERNEL_MODULE, text),
    (error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
