/**
 * Writes docs/inventory: `npx tsx bin/write-inventory.ts`, after `npm run build`. `--check` writes nothing and fails when
 * a page is out of date.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { describeCost } from '../cli/cost/describe-cost';
import { inventoryFiles } from '../lib/delivery/inventory/inventory-files';

const stale = [...inventoryFiles(describeCost)].filter(
  ([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text,
);
if (!process.argv.includes('--check')) {
  for (const [path, text] of stale) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
} else if (stale.length > 0) {
  const names = stale.map(([path]) => relative(process.cwd(), path)).join(', ');
  console.error(`${names}: out of date; run \`npx tsx bin/write-inventory.ts\` and read what it changes`);
  process.exitCode = 1;
}
