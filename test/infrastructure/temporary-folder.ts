import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Every App of a test is synthesized into a folder of its own, assets included, 54 MB each, and the CDK leaves it there:
 * they lie in one that goes with the tests.
 */
export function makeTemporaryFolder(): void {
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'kaizen-infrastructure-'));
}

export default function removeTemporaryFolder(): void {
  const folder = process.env.TMPDIR;
  if (folder?.includes('kaizen-infrastructure-')) rmSync(folder, { recursive: true, force: true });
}
