import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const MODULE = join(__dirname, '..', '..', 'scripts', 'release-notes.mjs');

/** An ES module, which jest does not load. */
function notesOf(changelog: string, tag: string, version: string): string {
  const program = `
    import { releaseNotes } from ${JSON.stringify(MODULE)};
    try { console.log(releaseNotes(...JSON.parse(process.argv[1]))); } catch (error) { console.log('refused: ' + error.message); }
  `;
  return execFileSync(
    process.execPath,
    ['--input-type=module', '-e', program, JSON.stringify([changelog, tag, version])],
    { encoding: 'utf8' },
  ).trim();
}

const CHANGELOG =
  '# Changelog\n\n## Unreleased\n\n- new\n\n## 0.2.0 - 2026-11-01\n\n### Fixed\n- that\n\n## 0.1.0\n\n- first\n';

test.each([
  ['v0.2.0', '0.2.0', '### Fixed\n- that'],
  ['v0.1.0', '0.1.0', '- first'],
  ['v0.3.0', '0.2.0', 'refused: tag v0.3.0: must be v0.2.0, the version of package.json'],
  ['v0.3.0', '0.3.0', "refused: CHANGELOG.md: has no section '## 0.3.0' with what has changed"],
])('the notes of tag %s at version %s', (tag, version, notes) => {
  expect(notesOf(CHANGELOG, tag, version)).toBe(notes);
});
