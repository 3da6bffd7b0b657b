/** What the component is compared with must be the same ONNX Runtime and the trainer's Pillow, or the comparison is of two versions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const pinned = [...read('bench/requirements.txt').matchAll(/^([\w-]+)(.*)$/gm)].filter(([line]) => line);

test('every Python package of the benchmarks has an exact version', () => {
  expect(pinned.length).toBeGreaterThan(0);
  for (const [line] of pinned) expect(line).toMatch(/^[\w-]+==[\w.]+$/);
});

test('ONNX Runtime is the same in the component, in Python, and where models are trained', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  const version = dependencies['onnxruntime-node'];
  expect(read('bench/requirements.txt')).toContain(`\nonnxruntime==${version}\n`);
  expect(read('training/requirements.lock')).toContain(`onnxruntime==${version} `);
});

test('Pillow is the one that makes the pixels of the training', () => {
  const [, version] = /^pillow==(\S+)$/m.exec(read('bench/requirements.txt')) ?? [];
  expect(read('training/requirements.lock')).toContain(
    `\npillow==${version} ; python_full_version >= '3.11'\n`,
  );
});
