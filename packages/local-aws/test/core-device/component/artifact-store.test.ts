import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { ArtifactStore, fileMode, parseArtifactUri } from '../../../core-device/component/artifact-store';
import type { Artifact, Recipe } from '../../../core-device/component/recipe';
import { safeEntryPath } from '../../../core-device/component/unarchive';
import { layoutOf } from '../../../core-device/storage/layout';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'artifacts-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const never = new AbortController().signal;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');

/** `undefined` stands for what the recipe leaves out. */
type Changes = { [Key in keyof Artifact]?: Artifact[Key] | undefined };

function artifact(uri: string, bytes: Uint8Array, changes: Changes = {}): Artifact {
  return {
    uri,
    unarchive: 'NONE',
    read: 'OWNER',
    execute: 'NONE',
    digest: sha256(bytes),
    algorithm: 'SHA-256',
    ...changes,
  } as Artifact;
}

function recipe(...artifacts: Artifact[]): Recipe {
  return {
    name: 'it',
    version: '1.0.0',
    defaultConfiguration: {},
    dependencies: {},
    lifecycle: { setenv: {}, steps: {} },
    artifacts,
  };
}

/** A bucket in memory that counts downloads. */
function bucket(objects: Record<string, Uint8Array | Error>) {
  const fetched: string[] = [];
  const store = new ArtifactStore(layoutOf(root), async (_bucket, key) => {
    fetched.push(key);
    const object = objects[key];
    if (object instanceof Error) throw object;
    return Readable.from([Buffer.from(object ?? [])]);
  });
  return { store, fetched };
}
const path = (...parts: string[]) => join(root, 'packages', ...parts);

test('an artifact is there with its permissions, and is not fetched again', async () => {
  const bytes = Buffer.from('weights');
  const { store, fetched } = bucket({ 'a/weights.bin': bytes });
  const wanted = recipe(artifact('s3://bucket/a/weights.bin', bytes, { read: 'ALL' }));
  await store.prepare(wanted, never);
  await store.prepare(wanted, never);
  const file = path('artifacts/it/1.0.0/weights.bin');
  expect(readFileSync(file)).toEqual(bytes);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  expect(fetched).toEqual(['a/weights.bin']);
});

test('[case 12] one changed byte is refused and nothing of it stays', async () => {
  const { store } = bucket({ 'weights.bin': Buffer.from('weighty') });
  const wanted = recipe(artifact('s3://bucket/weights.bin', Buffer.from('weights')));
  await expect(store.prepare(wanted, never)).rejects.toMatchObject({
    codes: ['DEPLOYMENT_FAILURE', 'ARTIFACT_DOWNLOAD_ERROR', 'ARTIFACT_CHECKSUM_MISMATCH'],
  });
  expect(readdirSync(path('artifacts/it/1.0.0'))).toEqual([]);
});

test('[case 11] a file tampered with on disk is fetched anew, an unpacked one unpacked anew', async () => {
  const zip = zipSync({ 'tool.sh': Buffer.from('genuine') });
  const { store, fetched } = bucket({ 'tool.zip': zip, plain: Buffer.from('genuine') });
  const wanted = recipe(
    artifact('s3://b/tool.zip', zip, { unarchive: 'ZIP', execute: 'OWNER' }),
    artifact('s3://b/plain', Buffer.from('genuine')),
  );
  await store.prepare(wanted, never);
  const unpacked = path('artifacts-unarchived/it/1.0.0/tool/tool.sh');
  expect(statSync(unpacked).mode & 0o777).toBe(0o700);
  writeFileSync(unpacked, 'tampere');
  writeFileSync(path('artifacts/it/1.0.0/plain'), 'tampere');
  await store.prepare(wanted, never);
  expect(readFileSync(unpacked, 'utf8')).toBe('genuine');
  expect(readFileSync(path('artifacts/it/1.0.0/plain'), 'utf8')).toBe('genuine');
  expect(fetched).toEqual(['tool.zip', 'plain', 'plain']);
});

test('what is left of an interrupted download does not disturb the next', async () => {
  const bytes = Buffer.from('weights');
  const { store } = bucket({ 'weights.bin': bytes });
  await store.prepare(recipe(), never);
  writeFileSync(path('artifacts/it/1.0.0/weights.bin.partial'), 'half');
  chmodSync(path('artifacts/it/1.0.0/weights.bin.partial'), 0o600);
  await store.prepare(recipe(artifact('s3://b/weights.bin', bytes)), never);
  expect(readdirSync(path('artifacts/it/1.0.0'))).toEqual(['weights.bin']);
});

test.each([
  ['no digest', { digest: undefined }, 'RECIPE_MISSING_ARTIFACT_HASH_ALGORITHM'],
  ['another algorithm', { algorithm: 'MD5' }, 'RECIPE_MISSING_ARTIFACT_HASH_ALGORITHM'],
])('an artifact with %s is refused', async (_case, changes, code) => {
  const { store } = bucket({ k: Buffer.from('x') });
  const wanted = recipe(artifact('s3://b/k', Buffer.from('x'), changes));
  await expect(store.prepare(wanted, never)).rejects.toMatchObject({ codes: expect.arrayContaining([code]) });
});

test('[case 37] an archive that wants to write elsewhere is refused and nothing is written', async () => {
  const zip = zipSync({ 'good.txt': Buffer.from('good'), '../../../evil.txt': Buffer.from('evil') });
  const { store } = bucket({ 'tool.zip': zip });
  const wanted = recipe(artifact('s3://b/tool.zip', zip, { unarchive: 'ZIP' }));
  await expect(store.prepare(wanted, never)).rejects.toMatchObject({
    codes: expect.arrayContaining(['IO_UNZIP_ERROR']),
  });
  expect(existsSync(path('artifacts-unarchived/it/1.0.0/tool'))).toBe(false);
  expect(existsSync(path('evil.txt'))).toBe(false);
});

test('a broken archive is refused', async () => {
  const notZip = Buffer.from('this is no archive, it only says so');
  const { store } = bucket({ 'tool.zip': notZip });
  const wanted = recipe(artifact('s3://b/tool.zip', notZip, { unarchive: 'ZIP' }));
  await expect(store.prepare(wanted, never)).rejects.toThrow('cannot be unpacked');
});

test('only the versions asked for are kept', async () => {
  const { store } = bucket({});
  for (const version of ['1.0.0', '1.0.1', '1.0.2']) await store.prepare({ ...recipe(), version }, never);
  await store.keepOnly({ it: ['1.0.1', '1.0.2'] });
  expect(readdirSync(path('artifacts/it')).sort()).toEqual(['1.0.1', '1.0.2']);
});

test('no entry name leads out of the folder', () => {
  const part = fc.oneof(
    fc.constantFrom('..', '.', '', 'a', '\\', 'C:', '\u0000'),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
      let safe: string | undefined;
      try {
        safe = safeEntryPath(parts.join('/'));
      } catch {
        return;
      }
      if (safe !== undefined) expect(join('/folder', safe).startsWith('/folder/')).toBe(true);
    }),
  );
});

test.each(['../a', '/a', 'a/../../b', 'a\\b', 'C:/a', 'a\u0000b'])('the entry name %j is unsafe', (name) => {
  expect(() => safeEntryPath(name)).toThrow();
});

test.each([
  ['OWNER', 'NONE', 0o600],
  ['NONE', 'NONE', 0o600],
  ['ALL', 'NONE', 0o644],
  ['OWNER', 'OWNER', 0o700],
  ['ALL', 'ALL', 0o755],
] as const)('Read %s, Execute %s is mode %o', (read, execute, mode) => {
  expect(fileMode({ read, execute })).toBe(mode);
});

test.each(['https://example.com/a', 'docker:image', 's3://bucket', 's3://bucket/folder/', 's3://bucket/..'])(
  'the artifact address %s is refused',
  (uri) => {
    expect(() => parseArtifactUri(uri)).toThrow('artifact');
  },
);
