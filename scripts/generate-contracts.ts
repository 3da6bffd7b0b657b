/**
 * Generates contracts/generated/types.ts from contracts/schemas. `--check` writes nothing and fails when the
 * committed file is out of date.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from 'json-schema-to-typescript';

const SCHEMAS = join(__dirname, '..', 'contracts', 'schemas');
const OUTPUT = join(__dirname, '..', 'contracts', 'generated', 'types.ts');

/** One schema that references every contract, so that each type is emitted exactly once. */
async function generate(): Promise<string> {
  const names = readdirSync(SCHEMAS)
    .filter((file) => file.endsWith('.schema.json') && file !== 'common.schema.json')
    .map((file) => file.replace('.schema.json', ''))
    .sort();
  const properties = Object.fromEntries(names.map((name) => [name, { $ref: `${name}.schema.json` }]));
  return compile(
    { title: 'Contracts', type: 'object', additionalProperties: false, required: names, properties } as never,
    'Contracts',
    {
      cwd: SCHEMAS,
      ignoreMinAndMaxItems: true,
      bannerComment: '/* Generated from contracts/schemas by scripts/generate-contracts.ts. Do not edit. */',
      style: { singleQuote: true, printWidth: 110 },
      // The schemas' ids are URLs; references resolve to the files beside them.
      $refOptions: {
        resolve: {
          http: false,
          contracts: {
            order: 1,
            canRead: /^https:\/\/kaizenedge\.dev\/contracts\//,
            read: (file: { url: string }) =>
              readFileSync(join(SCHEMAS, file.url.split('/').pop() ?? ''), 'utf8'),
          },
        },
      } as never,
    },
  );
}

async function main(): Promise<void> {
  const text = await generate();
  if (process.argv.includes('--check')) {
    if (readFileSync(OUTPUT, 'utf8') !== text) {
      throw new Error(
        'contracts/generated/types.ts is out of date: run `npx tsx scripts/generate-contracts.ts`',
      );
    }
    return;
  }
  writeFileSync(OUTPUT, text);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
