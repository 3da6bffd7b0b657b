import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { archiveFolders, extractArchive } from '../../sagemaker/jobs/archive';
import { inParallel, listedObjects, nameBelow, parseS3Uri, shardOf } from '../../sagemaker/jobs/s3-store';
import { Slots } from '../../sagemaker/jobs/slots';

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'transfer-'));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

test.each([
  ['data/', 'data/a/b.txt', 'a/b.txt'],
  ['data', 'data/a.txt', 'a.txt'],
  ['data/a.txt', 'data/a.txt', 'a.txt'],
  ['data/pre', 'data/prefix/a.txt', 'prefix/a.txt'],
  ['', 'a/b.txt', 'a/b.txt'],
])('below %s the object %s is named %s', (prefix, key, name) => {
  expect(nameBelow(prefix, key)).toBe(name);
});

test('[C14] a ManifestFile lists objects by a prefix and what follows it', () => {
  expect(listedObjects([{ prefix: 's3://data/images/' }, 'a.png', 'b/c.png'], 's3://data/list')).toEqual([
    { location: { bucket: 'data', key: 'images/a.png' }, name: 'a.png' },
    { location: { bucket: 'data', key: 'images/b/c.png' }, name: 'b/c.png' },
  ]);
});

test.each([[{}], [[]], [['a.png']], [[{ prefix: 's3://data/' }, 7]]])(
  '[C14] %j is no ManifestFile',
  (list) => {
    expect(() => listedObjects(list, 's3://data/list')).toThrow(
      'ClientError: ManifestFile s3://data/list: must be [{"prefix": <S3 URI>}, <name>, ...]',
    );
  },
);

test('hosts share the keys, or all have all', () => {
  const keys = ['a', 'b', 'c'];
  expect([0, 1].map((host) => shardOf(keys, 'ShardedByS3Key', host, 2))).toEqual([['a', 'c'], ['b']]);
  expect(shardOf(keys, 'FullyReplicated', 1, 2)).toEqual(keys);
});

test('only S3 URIs are S3 URIs', () => {
  expect(parseS3Uri('s3://bucket/a/b')).toEqual({ bucket: 'bucket', key: 'a/b' });
  expect(parseS3Uri('s3://bucket')).toEqual({ bucket: 'bucket', key: '' });
  expect(() => parseS3Uri('none')).toThrow("ClientError: 'none' is not an S3 URI");
});

test('folders come together in one archive, and the first one leads', async () => {
  for (const [host, text] of [
    ['one', 'first'],
    ['two', 'second'],
  ] as const) {
    mkdirSync(join(work, host, 'deep'), { recursive: true });
    writeFileSync(join(work, host, 'same.txt'), text);
    writeFileSync(join(work, host, 'deep', `${host}.txt`), text);
  }
  const archive = join(work, 'all.tar.gz');
  expect(await archiveFolders([join(work, 'one'), join(work, 'two')], archive)).toBe(3);
  await extractArchive(archive, join(work, 'out'));
  expect(readFileSync(join(work, 'out', 'same.txt'), 'utf8')).toBe('first');
  expect(readFileSync(join(work, 'out', 'deep', 'two.txt'), 'utf8')).toBe('second');
});

test('of an empty folder there is no archive', async () => {
  mkdirSync(join(work, 'empty'));
  expect(await archiveFolders([join(work, 'empty')], join(work, 'x.tar.gz'))).toBe(0);
});

async function archiveWith(header: Parameters<ReturnType<typeof pack>['entry']>[0]): Promise<string> {
  const tar = pack();
  tar.entry(header, header.type === 'symlink' ? '' : 'x');
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const file = join(work, 'bad.tar.gz');
  writeFileSync(file, gzipSync(Buffer.concat(chunks)));
  return file;
}

test.each([
  [{ name: '../escaped.txt' }, 'leads out of its folder'],
  [{ name: 'link', type: 'symlink' as const, linkname: '/etc/passwd' }, 'is a symlink'],
])('an archive with %j is refused', async (header, message) => {
  await expect(extractArchive(await archiveWith(header), join(work, 'out'))).rejects.toThrow(message);
});

test('a broken archive is refused', async () => {
  writeFileSync(join(work, 'broken.gz'), 'not gzip');
  await expect(extractArchive(join(work, 'broken.gz'), join(work, 'out'))).rejects.toThrow();
});

test('work in parallel keeps its limit and ends with the first error', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const work = async (item: number) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (item === 5) throw new Error('five');
    done.push(item);
  };
  const items = Array.from({ length: 20 }, (_, index) => index);
  const { signal } = new AbortController();
  await expect(inParallel(items, 3, signal, work)).rejects.toThrow('five');
  expect(most).toBe(3);
  expect(done.length).toBeLessThan(10);
});

test('slots are given in order, and those who leave the queue do not block it', async () => {
  const slots = new Slots(1);
  const { signal } = new AbortController();
  const leaving = new AbortController();
  const order: string[] = [];
  const release = await slots.take(signal);
  const second = slots.take(leaving.signal).catch(() => order.push('left'));
  const third = slots.take(signal).then((give) => {
    order.push('third');
    give();
  });
  leaving.abort(new Error('stopped'));
  await second;
  release();
  await third;
  expect(order).toEqual(['left', 'third']);
  (await slots.take(signal))();
});
