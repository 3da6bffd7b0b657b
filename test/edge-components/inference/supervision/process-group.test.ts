/** Real processes: what a group leaves behind when its leader is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transformFileSync } from '@swc/core';
import { isGroupAlive, killGroup } from '../../../../edge-components/inference/src/supervision/process-group';
import { REPOSITORY_ROOT } from '../../../../scripts/repository';
import { waitFor } from '../../wait-for';

/** A leader with two children that compute for ever and hear of nothing, as a graph in native code. */
const LEADER = `
  const { spawn } = require('node:child_process');
  const { guardGroup } = require('./supervision/process-group.js');
  if (process.argv[2] === 'guarded') guardGroup(process.pid);
  const busy = "process.on('SIGTERM', () => undefined); for (;;) {}";
  for (let child = 0; child < 2; child++) spawn(process.execPath, ['-e', busy], { stdio: 'ignore' });
  setTimeout(() => process.stdout.write('started'), 200);
  setInterval(() => undefined, 1_000);
`;

const folder = mkdtempSync(join(tmpdir(), 'kaizen-edge-group-'));
const leaders: ChildProcess[] = [];

/** The file and what it imports, for a process that knows no TypeScript. */
const SOURCES = ['supervision/process-group', 'models/process-limits', 'models/process-end'];

beforeAll(() => {
  const source = join(REPOSITORY_ROOT, 'edge-components', 'inference', 'src');
  for (const name of SOURCES) {
    const { code } = transformFileSync(join(source, `${name}.ts`), {
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, `${name}.js`), code);
  }
  writeFileSync(join(folder, 'leader.cjs'), LEADER);
});
afterAll(() => {
  for (const { pid } of leaders) killGroup(pid as number);
  rmSync(folder, { recursive: true, force: true });
});

async function newGroup(how: string): Promise<number> {
  const leader = spawn(process.execPath, [join(folder, 'leader.cjs'), how], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  leaders.push(leader);
  await new Promise((resolve) => leader.stdout?.once('data', resolve));
  return leader.pid as number;
}

test('case 44: what computes for a leader that is killed ends with it, and nothing else does', async () => {
  const [guarded, unguarded] = [await newGroup('guarded'), await newGroup('unguarded')];
  process.kill(guarded, 'SIGKILL');
  process.kill(unguarded, 'SIGKILL');
  await waitFor('the end of the group', () => !isGroupAlive(guarded));
  expect(isGroupAlive(unguarded)).toBe(true);
});
