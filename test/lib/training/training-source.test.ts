import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { TrainingSource } from '../../../lib/training/training-source';

const work = mkdtempSync(join(tmpdir(), 'source-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const sourceIn = (python?: string) =>
  new TrainingSource(new Stack(new App({ outdir: join(work, 'out') })), 'Source', python, work);

test.each([
  [undefined, '(dist/training/sourcedir.tar.gz): run `npm run build`'],
  [
    '3.12',
    '(dist/training/sourcedir-python3.12.tar.gz): run `npx tsx scripts/build-training-source.ts --wheels 3.12`',
  ],
])('[C14] synthesis stops without the code for Python %s, and says what makes it', (python, message) => {
  expect(() => sourceIn(python)).toThrow(`the code of the training jobs is missing ${message}`);
});

test('[C14] the archive with wheels is another one than that without', () => {
  writeFileSync(join(work, 'sourcedir.tar.gz'), 'code');
  writeFileSync(join(work, 'sourcedir-python3.12.tar.gz'), 'code and wheels');
  expect(sourceIn('3.12').sha256).not.toBe(sourceIn().sha256);
});
