/** `node scripts/release-notes.mjs v1.2.3`: the notes of a release, its section of CHANGELOG.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(fileURLToPath(import.meta.url), '..', '..');

/**
 * @param tag `v` and the version
 * @param version that package.json has
 * @throws Error when the tag is another version's, or the changelog has no section of it, or an empty one
 */
export function releaseNotes(changelog, tag, version) {
  if (tag !== `v${version}`) throw new Error(`tag ${tag}: must be v${version}, the version of package.json`);
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => /^\[?([^\]\s]+)/.exec(text)?.[1] === version);
  const notes = section?.slice(section.indexOf('\n') + 1).trim();
  if (!notes) throw new Error(`CHANGELOG.md: has no section '## ${version}' with what has changed`);
  return notes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  try {
    console.log(
      releaseNotes(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'), process.argv[2] ?? '', version),
    );
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
