import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endInBackground, startInBackground } from '../../launcher/background';
import { isMeant } from '../../launcher/interrupts';
import { startTimeOf } from '../../shared/process-identity';

let folder: string;
let variables: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'local-aws-background-'));
  variables = join(folder, 'out', 'aws.env');
});
afterEach(async () => {
  await endInBackground(variables);
  rmSync(folder, { recursive: true, force: true });
});

/** A program that is up when it has written the file, and cleans up at SIGTERM. */
const upUntilTold = () =>
  startInBackground({
    command: [
      process.execPath,
      '-e',
      `const fs = require('node:fs');
       process.on('SIGTERM', () => { fs.rmSync(process.argv[1]); process.exit(); });
       fs.writeFileSync(process.argv[1] + '.new', 'export A=1');
       fs.renameSync(process.argv[1] + '.new', process.argv[1]);
       setInterval(() => {}, 1000);`,
      variables,
    ],
    variables,
  });

test('it goes on until it is told to end, and is started once', async () => {
  expect(await upUntilTold()).toBe(true);
  expect(readFileSync(variables, 'utf8')).toBe('export A=1');
  expect(await upUntilTold()).toBe(false);
  expect(await endInBackground(variables)).toBe(true);
  expect(existsSync(variables)).toBe(false);
  expect(await endInBackground(variables)).toBe(false);
});

test('one that does not come up says why, and none runs then', async () => {
  const failing = startInBackground({
    command: [process.execPath, '-e', 'console.error("no Python"); process.exit(3)'],
    variables,
  });
  await expect(failing).rejects.toThrow('it ended with 3: no Python');
  expect(await endInBackground(variables)).toBe(false);
});

test('a process that only has the number of one that was killed is left alone', async () => {
  await upUntilTold();
  await endInBackground(variables);
  const other = { processId: process.pid, startTime: `${startTimeOf(process.pid)}0` };
  writeFileSync(`${variables}.process`, JSON.stringify(other));
  expect(await endInBackground(variables)).toBe(false);
});

test.each([
  [undefined, 0, false],
  [0, 10_000, true],
  [0, 10_001, false],
])('a Ctrl-C %p ms after the one before, at %p, is meant: %p', (before, now, meant) => {
  expect(isMeant(before, now)).toBe(meant);
});
