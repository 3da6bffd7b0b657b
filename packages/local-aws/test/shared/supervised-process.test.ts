import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SupervisedProcess } from '../../shared/supervised-process';

/** Running, not merely waiting to be reaped by an init that takes its time. */
function isAlive(processId: number): boolean {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

describe('a supervised process', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'local-aws-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function run(
    script: string,
    more: { onCrash?: (message: string) => void; onLine?: (line: string) => void } = {},
  ) {
    return new SupervisedProcess({
      name: 'the program',
      command: process.execPath,
      arguments: ['-e', script],
      environment: { PATH: process.env.PATH },
      logFile: join(folder, 'log'),
      ...more,
    });
  }

  test('reports an unexpected end with its name and its last lines', async () => {
    const crash = new Promise<string>((resolve) => {
      run('console.log("first"); console.error("it broke"); process.exit(3)', { onCrash: resolve });
    });
    const message = await crash;
    expect(message).toMatch(/the program ended unexpectedly \(3\)/);
    expect(message).toContain('it broke');
    expect(readFileSync(join(folder, 'log'), 'utf8')).toContain('first');
  });

  test('stopped on purpose, takes its children with it and is no crash', async () => {
    let crashes = 0;
    let tellChild: (id: number) => void = () => {};
    const childId = new Promise<number>((resolve) => {
      tellChild = resolve;
    });
    const script = `
      const { spawn } = require('node:child_process');
      process.on('SIGTERM', () => process.exit(0));
      const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")']);
      child.stdout.once('data', () => console.log('child ' + child.pid));
      setInterval(() => {}, 1000);`;
    const program = run(script, {
      onCrash: () => {
        crashes += 1;
      },
      onLine: (line) => tellChild(Number(line.split(' ')[1])),
    });
    const child = await childId;
    await program.stop();
    // The kernel needs a moment to reap a killed grandchild.
    while (isAlive(child)) await sleep(20);
    expect(crashes).toBe(0);
  });

  test('that cannot be started says why', async () => {
    const program = new SupervisedProcess({
      name: 'nothing',
      command: join(folder, 'missing'),
      arguments: [],
      environment: {},
      logFile: join(folder, 'log'),
    });
    expect(await program.ended).toMatch(/ENOENT/);
  });
});
