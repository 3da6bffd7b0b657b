import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Only what git itself brings, so that nobody's settings change the answer. */
const WITHOUT_SETTINGS = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };

/**
 * Changed lines of two Markdown pages as git shows them, each group below its heading.
 * @throws Error when git is missing
 */
export function pageDiff(before: string, after: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'inventory-'));
  try {
    for (const [name, text] of [
      ['before.md', before],
      ['after.md', after],
      ['attributes', '*.md diff=markdown\n'],
    ] as const) {
      writeFileSync(join(folder, name), text);
    }
    const attributes = `core.attributesFile=${join(folder, 'attributes')}`;
    const { stdout, error } = spawnSync(
      'git',
      ['-c', attributes, 'diff', '--no-index', '--no-color', '--unified=0', 'before.md', 'after.md'],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, ...WITHOUT_SETTINGS } },
    );
    if (error) throw error;
    return stdout
      .slice(stdout.indexOf('@@'))
      .replace(/^@@ -\S+ \+\S+ @@/gm, '@@')
      .trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
