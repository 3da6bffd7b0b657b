import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunMarker } from '../../../../edge-components/inference/src/shared/run-marker';
import {
  isGroupAlive,
  killGroup,
  startTimeOf,
} from '../../../../edge-components/inference/src/supervision/process-group';
import { waitFor } from '../../wait-for';

let folder: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-run-'));
});
afterEach(() => {
  for (const { pid } of started.splice(0)) if (pid !== undefined) killGroup(pid);
  rmSync(folder, { recursive: true, force: true });
});

/** A leader of a group, with a child in it that outlives it. */
async function aGroup(): Promise<number> {
  const leader = spawn('/bin/sh', ['-c', 'sleep 600 & echo; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  started.push(leader);
  await new Promise((resolve) => leader.stdout?.once('data', resolve));
  return leader.pid as number;
}
const marker = (): string => join(folder, 'running');

test('a first start finds nothing; one that was told to stop leaves nothing', async () => {
  const first = await RunMarker.put(folder);
  expect(first.endedUncleanly).toBe(false);
  expect(readFileSync(marker(), 'utf8')).toBe(`${process.pid} ${startTimeOf(process.pid)}`);
  await first.remove();
  expect((await RunMarker.put(folder)).endedUncleanly).toBe(false);
});

test('what is left of the process before ends before the next one begins, also when its leader is gone', async () => {
  for (const isLeaderGone of [false, true]) {
    const group = await aGroup();
    writeFileSync(marker(), `${group} ${startTimeOf(group)}`);
    if (isLeaderGone) {
      process.kill(group, 'SIGKILL');
      await waitFor('the end of the leader', () => startTimeOf(group) === undefined);
      expect(isGroupAlive(group)).toBe(true);
    }
    expect((await RunMarker.put(folder)).endedUncleanly).toBe(true);
    expect(isGroupAlive(group)).toBe(false);
  }
});

test.each([
  ['of another process that has its number now', (group: number) => `${group} 1`],
  ['of an older component', (group: number) => String(group)],
  ['cut off while it was written', () => ''],
])('a mark %s ends nobody', async (_, contentOf) => {
  const group = await aGroup();
  writeFileSync(marker(), contentOf(group));
  expect((await RunMarker.put(folder)).endedUncleanly).toBe(true);
  expect(isGroupAlive(group)).toBe(true);
  expect(readFileSync(marker(), 'utf8')).toMatch(new RegExp(`^${process.pid} \\d+$`));
});
