import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import {
  deterministicArchive,
  trainingSourceFiles,
  withWheels,
} from '../../../scripts/build-training-source';

test('the archive depends on names and contents alone', async () => {
  const files = [
    { name: 'a/b.py', content: Buffer.from('print(1)') },
    { name: 'c.json', content: Buffer.from('{}') },
  ];
  const archive = await deterministicArchive(files);
  expect(await deterministicArchive(files)).toEqual(archive);
  expect(gunzipSync(archive).toString('latin1')).toContain('a/b.py');
  const other = await deterministicArchive([{ name: 'a/b.py', content: Buffer.from('print(2)') }]);
  expect(other).not.toEqual(archive);
});

test('holds what the jobs run and read, and nothing that a machine left behind', () => {
  const names = trainingSourceFiles().map(({ name }) => name);
  expect(names).toEqual([...names].sort());
  expect(names).toEqual(
    expect.arrayContaining([
      'kaizen_training/entry_point.py',
      'kaizen_training/prepare.py',
      'scripts/pytorch/inspect_surface.py',
      'requirements.txt',
      'contracts/schemas/evaluation-report.schema.json',
      'contracts/histogram-bins.json',
      'contracts/onnx-policy.json',
    ]),
  );
  expect(names.filter((name) => /__pycache__|\.pyc$|\/\./.test(name))).toEqual([]);
});

describe('[C14] wheels for jobs without a network', () => {
  const wheel = { name: 'jinja2-1.0-py3-none-any.whl', content: Buffer.from('wheel') };
  const digest = createHash('sha256').update(wheel.content).digest('hex');
  const requirements = (...pins: string[]) => ({
    name: 'requirements.txt',
    content: Buffer.from(`--require-hashes\n${pins.join('\n')}\n`),
  });
  const jinja = `jinja2==1.0 \\\n    --hash=sha256:${'0'.repeat(64)} \\\n    --hash=sha256:${digest}`;

  test('lie beside the requirements, which ask no index then', () => {
    const files = withWheels([{ name: 'a.py', content: Buffer.from('1') }, requirements(jinja)], [wheel]);
    expect(files.map(({ name }) => name)).toEqual(['a.py', 'requirements.txt', `wheels/${wheel.name}`]);
    expect(files[1]?.content.toString()).toBe(
      `--no-index\n--find-links wheels\n--require-hashes\n${jinja}\n`,
    );
  });

  test('that are missing or of another digest than the lock has are named', () => {
    const scipy = `scipy==2.0 \\\n    --hash=sha256:${'1'.repeat(64)}`;
    expect(() =>
      withWheels([requirements(jinja, scipy)], [{ ...wheel, content: Buffer.from('other') }]),
    ).toThrow('no wheel has a digest of jinja2==1.0, scipy==2.0');
  });

  test('of the lock are all found in it', () => {
    const [locked] = trainingSourceFiles().filter(({ name }) => name === 'requirements.txt');
    const pins = locked?.content.toString().match(/^[\w.-]+==\S+/gm) ?? [];
    expect(pins.length).toBeGreaterThan(20);
    expect(() => withWheels(locked ? [locked] : [], [])).toThrow(
      `no wheel has a digest of ${pins.join(', ')}`,
    );
  });
});
