import { gunzipSync } from 'node:zlib';
import { deterministicArchive, trainingSourceFiles } from '../../../scripts/build-training-source';

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
