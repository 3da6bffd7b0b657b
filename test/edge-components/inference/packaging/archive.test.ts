import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { archive } from '../../../../edge-components/inference/packaging/archive';
import { centralDirectory } from '../../zip-directory';

const files = fc.dictionary(fc.stringMatching(/^[a-z][a-z/.]{0,9}$/), fc.uint8Array({ maxLength: 50 }));

test('the bytes do not depend on the order of the files, and hold every file', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (contents) => {
      const entries = Object.entries(contents);
      const zip = await archive(new Map(entries));
      expect(await archive(new Map(entries.reverse()))).toEqual(zip);
      const byPath = entries.sort(([left], [right]) => (left < right ? -1 : 1));
      expect(Object.entries(unzipSync(zip))).toEqual(byPath);
    }),
  );
});

test('the bytes do not depend on when the archive is made', async () => {
  const contents = new Map([['a', Buffer.from('a')]]);
  const zip = await archive(contents);
  jest.useFakeTimers({
    now: new Date('2040-06-01T12:00:00Z'),
    doNotFake: ['queueMicrotask', 'nextTick', 'setTimeout'],
  });
  expect(await archive(contents)).toEqual(zip);
  jest.useRealTimers();
});

test('a file that is large enough for a thread of its own has the same bytes every time', async () => {
  const large = new Map([['large', Buffer.alloc(1_000_000, 'not all the same ')]]);
  const zip = await archive(large);
  expect(await archive(large)).toEqual(zip);
  expect(Buffer.from(unzipSync(zip).large as Uint8Array).equals(large.get('large') as Buffer)).toBe(true);
});

test('entries lie in the order of their paths, all with the same time and the same attributes', async () => {
  const zip = await archive(new Map(['b/c', 'a', 'b.cjs'].map((name) => [name, Buffer.from(name)])));
  expect(centralDirectory(zip)).toEqual(
    ['a', 'b.cjs', 'b/c'].map((name) => ({
      name,
      system: 3,
      modified: '1980-01-01 00:00:00',
      mode: 0o100644,
    })),
  );
});
