import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { EnvironmentTemplates, StackTemplate } from '../environment-templates';

const RELEASES = join(__dirname, '..', '..', '..', 'releases');

/** Where the templates of a release lie (docs/adr/0023). */
export const releasedTemplatesPath = (version: string): string =>
  join(RELEASES, version, 'templates.json.gz');

/** The templates of several environments as one file. */
export function packTemplates(environments: ReadonlyMap<string, EnvironmentTemplates>): Buffer {
  const plain = Object.fromEntries(
    [...environments].map(([name, templates]) => [name, Object.fromEntries(templates)]),
  );
  return gzipSync(JSON.stringify(plain), { level: 9 });
}

/** {@link packTemplates}, the other way round. */
export function unpackTemplates(packed: Buffer): ReadonlyMap<string, EnvironmentTemplates> {
  const plain: Record<string, Record<string, StackTemplate>> = JSON.parse(gunzipSync(packed).toString());
  return new Map(Object.entries(plain).map(([name, stacks]) => [name, new Map(Object.entries(stacks))]));
}

/** Versions whose templates are kept, the newest last. */
export function releasedVersions(): string[] {
  return readdirSync(RELEASES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort((left, right) => left.localeCompare(right, 'en', { numeric: true }));
}

/** Templates of the last release, by environment. */
export function lastReleasedTemplates(): ReadonlyMap<string, EnvironmentTemplates> {
  return unpackTemplates(readFileSync(releasedTemplatesPath(releasedVersions().at(-1) ?? '')));
}
