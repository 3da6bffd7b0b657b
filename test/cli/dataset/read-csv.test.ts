import fc from 'fast-check';
import { groupByPrefix } from '../../../cli/dataset/group-rule';
import { parseCsv } from '../../../cli/dataset/read-csv';

const files = { read: async (path: string) => Buffer.from(path) };
const modifiedAt = new Date('2026-02-01T00:00:00Z');
const listed = (...paths: string[]) => paths.map((path) => ({ path, modifiedAt }));
const parse = (text: string, ...paths: string[]) => parseCsv(text, listed(...paths), files);

test('path and label are enough', async () => {
  const { items, problems } = parse(
    'path,label\nimages/a.jpg,good\n./images/b.png,dent\n',
    'images/a.jpg',
    'images/b.png',
  );
  expect(problems).toEqual([]);
  expect(items).toMatchObject([
    {
      id: 'images.a',
      groupId: 'images.a',
      label: 'good',
      origin: 'imported',
      capturedAt: '2026-02-01T00:00:00.000Z',
    },
    { id: expect.stringMatching(/^.*images.b/), label: 'dent', path: 'images/b.png' },
  ]);
  expect(await items[1]?.read()).toEqual(Buffer.from('images/b.png'));
});

test('columns come in any order, quoted, with a byte order mark and Windows line ends', () => {
  const text =
    '\ufeffgroupId,label,path,capturedAt,id\r\n"p1",good,"a, ""b"".jpg",2026-01-01T00:00:00Z,one\r\n\r\n';
  const { items, problems } = parse(text, 'a, "b".jpg');
  expect(problems).toEqual([]);
  expect(items).toMatchObject([
    { id: 'one', groupId: 'p1', label: 'good', capturedAt: '2026-01-01T00:00:00Z', path: 'a, "b".jpg' },
  ]);
});

test('every problem is reported with its line and column', () => {
  const text = [
    'path,label,id,groupId,capturedAt',
    'a.jpg,Good,i1,g1,2026-01-01T00:00:00Z',
    'a.jpg,good,i 2,g1,yesterday',
    'a.jpg,good,i3,,2026-01-01T00:00:00Z',
    '../a.jpg,good,i4,g1,2026-01-01T00:00:00Z',
    'absent.jpg,good,i5,g1,2026-01-01T00:00:00Z',
    'a.jpg,good',
    'a.jpg,good,i7,g1,2026-01-01T00:00:00Z',
  ].join('\n');
  const { items, problems } = parse(text, 'a.jpg');
  expect(items.map(({ id }) => id)).toEqual(['i7']);
  expect(problems).toEqual([
    expect.stringMatching(/^line 2: column label: must match pattern .* got "Good"$/),
    expect.stringMatching(/^line 3: column id: must match pattern .* got "i 2"$/),
    expect.stringMatching(/^line 3: column capturedAt: must match format "date-time", got "yesterday"$/),
    'line 4: column groupId: is empty',
    "line 5: column path: leads out of the table's folder, got '../a.jpg'",
    "line 6: column path: there is no file 'absent.jpg'",
    'line 7: must have 5 columns, got 2',
  ]);
});

test.each<[string, string, string]>([
  ['nothing', '', 'line 1: there is no header: path,label'],
  ['no image', 'path,label\n', 'line 1: no image follows the header'],
  ['a missing column', 'path,id\na.jpg,x\n', 'line 1: column label: is missing'],
  [
    'a misspelt column',
    'path,label,group_id\n',
    "line 1: column 'group_id': must be one of path, label, id, groupId, capturedAt",
  ],
  ['a column twice', 'path,label,label\n', 'line 1: column label: is there twice'],
  ['an open quote', 'path,label\n"a.jpg,good\n', 'Quote Not Closed'],
])('%s is refused', (_, text, message) => {
  const { items, problems } = parse(text, 'a.jpg');
  expect(items).toEqual([]);
  expect(problems.join('\n')).toContain(message);
});

test('a group rule stands for the column, and must fit every path', () => {
  const rule = groupByPrefix('_');
  const paths = listed('p1_a.jpg', 'p1_b.jpg', 'other.jpg');
  const { items, problems } = parseCsv(
    'path,label\np1_a.jpg,good\np1_b.jpg,good\nother.jpg,good\n',
    paths,
    files,
    rule,
  );
  expect(items.map(({ groupId }) => groupId)).toEqual(['p1', 'p1']);
  expect(problems).toEqual(["line 4: column path: the group rule does not fit 'other.jpg'"]);
  expect(parseCsv('path,label,groupId\np1_a.jpg,good,x\n', paths, files, rule).problems).toEqual([
    'line 1: column groupId: there is a group rule as well; only one may say it',
  ]);
});

test('whatever a path contains, a quoted table gives it back', () => {
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  // Characters that a file's name may have; cells are trimmed, and a path is normalized.
  const name = fc
    .string({ minLength: 1, maxLength: 20 })
    .map((text) => `x${text.replaceAll(/[/\\]/g, '_')}x.jpg`);
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), (names) => {
      const text = ['path,label', ...names.map((path) => `${quoted(path)},good`)].join('\n');
      const { items, problems } = parse(text, ...names);
      expect(problems).toEqual([]);
      expect(items.map(({ path }) => path)).toEqual(names);
    }),
  );
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), fc.boolean(), (text, withHeader) => {
      const { items, problems } = parse(withHeader ? `path,label\n${text}` : text, 'a.jpg');
      expect(items.length + problems.length).toBeGreaterThan(0);
    }),
  );
});
