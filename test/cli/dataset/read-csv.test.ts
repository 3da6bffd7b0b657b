import fc from 'fast-check';
import { groupByPrefix } from '../../../cli/dataset/group-rule';
import { parseCsv } from '../../../cli/dataset/read-csv';
import { countedProblems } from '../../../cli/shared/problems';

const files = { read: async (path: string) => Buffer.from(path) };
const modifiedAt = new Date('2026-02-01T00:00:00Z');
const listed = (...paths: string[]) => paths.map((path) => ({ path, modifiedAt }));
/** Problems as the operator reads them. */
const parse = (text: string, ...paths: string[]) => {
  const { items, problems } = parseCsv(text, listed(...paths), files);
  return { items, problems: countedProblems(problems) };
};

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
    '/set/a.jpg,good,i1,g1,2026-01-01T00:00:00Z',
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
    "line 2: column path: is absolute: paths are relative to the folder of the table, so replace what leads there, got '/set/a.jpg'",
    expect.stringMatching(/^line 3: column id: must match pattern .* got "i 2"$/),
    expect.stringMatching(/^line 3: column capturedAt: must match format "date-time", got "yesterday"$/),
    'line 4: column groupId: is empty',
    "line 5: column path: leads out of the table's folder, got '../a.jpg'",
    "line 6: column path: there is no such file; paths are relative to the folder of the table, got 'absent.jpg'",
    "line 7: must have 5 columns, got '2'",
  ]);
});

test.each<[string, string, string]>([
  ['nothing', '', 'line 1: there is no header: path,label'],
  ['a split that is none', 'path,label,split\na.jpg,good,holdout\n', 'column split: must be train'],
  ['no image', 'path,label\n', 'line 1: no image follows the header'],
  ['a missing column', 'path,id\na.jpg,x\n', 'line 1: column label: is missing'],
  [
    'a misspelt column',
    'path,label,grp\n',
    "line 1: column 'grp': must be one of path, label, id, groupId, capturedAt, split; or pass it over with --ignore-columns 'grp'",
  ],
  ['a column twice', 'path,label,label\n', "line 1: column label: is there twice, as 'label' and 'label'"],
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
    { groupRule: rule },
  );
  expect(items.map(({ groupId }) => groupId)).toEqual(['p1', 'p1']);
  expect(countedProblems(problems)).toEqual([
    "line 4: column path: the group rule does not fit it, got 'other.jpg'",
  ]);
  expect(
    countedProblems(
      parseCsv('path,label,groupId\np1_a.jpg,good,x\n', paths, files, { groupRule: rule }).problems,
    ),
  ).toEqual(['line 1: column groupId: there is a group rule as well; only one may say it']);
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

describe('[B27] tables as spreadsheets save them', () => {
  test.each<[string, string]>([
    ['a semicolon', 'path;label\ngood/a.jpg;good\n'],
    ['a tab', 'path\tlabel\ngood/a.jpg\tgood\n'],
    ['a delimiter that a line of its own declares', 'sep=|\r\npath|label\r\ngood/a.jpg|good\r\n'],
    ['backslashes of Windows', 'path,label\ngood\\a.jpg,good\n'],
    ['headers in another spelling', 'Label,File Name\ngood,good/a.jpg\n'],
    ['names in another case', 'Path,Label\nGood/A.JPG,good\n'],
    ['a semicolon, and commas in quotes', '"image_path";"class"\n"good/a.jpg";"good"\n'],
  ])('with %s', (_, text) => {
    const { items, problems } = parse(text, 'good/a.jpg');
    expect(problems).toEqual([]);
    expect(items).toMatchObject([{ path: 'good/a.jpg', label: 'good', id: 'good.a' }]);
  });

  test('a name is found whichever way its letters are composed, and the id is the same', async () => {
    const onDisk = 'good/prüfung.jpg'.normalize('NFD');
    const { items, problems } = parse(`path,label\n${'good/prüfung.jpg'.normalize('NFC')},good\n`, onDisk);
    expect(problems).toEqual([]);
    expect(items[0]?.path).toBe(onDisk);
    expect(items[0]?.id).toBe(parse(`path,label\n${onDisk},good\n`, onDisk).items[0]?.id);
  });

  test('a name that differs in case is not guessed between two files', () => {
    expect(parse('path,label\nA.JPG,good\n', 'a.jpg', 'A.jpg').problems).toHaveLength(1);
  });

  test('the same problem in eighty lines is said once, with how often and where', () => {
    const lines = Array.from({ length: 80 }, (_, index) => `gone/${index}.jpg,good`);
    expect(parse(['path,label', ...lines].join('\n'), 'a.jpg').problems).toEqual([
      "column path: there is no such file; paths are relative to the folder of the table (80 times: line 2 'gone/0.jpg', line 3 'gone/1.jpg', line 4 'gone/2.jpg' and 77 more)",
    ]);
  });

  test('a column says the split, of all images or of some', () => {
    const text = 'path,label,subset\na.jpg,good,Training\nb.jpg,good,val\nc.jpg,good,\n';
    const { items, problems } = parse(text, 'a.jpg', 'b.jpg', 'c.jpg');
    expect(problems).toEqual([]);
    expect(items.map(({ split }) => split)).toEqual(['train', 'validation', undefined]);
  });

  test('a column that means nothing here is passed over when that is said, and may be empty', () => {
    const { items, problems } = parseCsv('path,label,Remark\na.jpg,good,\n', listed('a.jpg'), files, {
      ignoreColumns: ['remark'],
    });
    expect(problems).toEqual([]);
    expect(items).toHaveLength(1);
  });
});
