/** T5: what a second host is worth. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '@kaizen-edge/local-aws';
import { PROGRESS_PREFIX } from '../../demo/training-progress';
import { REPOSITORY_ROOT } from '../../scripts/repository';
import type { Benchmark } from '../figure';
import { interleave, ratioOf, seconds } from '../measure';
import type { TrainingContext } from './context';
import { jobEnvironment } from './job';

const ROUNDS = 5;
/** The first is not timed: it holds the start of the processes and their meeting. */
const EPOCHS = 4;
const SCRIPT = 'scripts/pytorch/inspect_surface.py';
const ENTRY_POINT = join(REPOSITORY_ROOT, 'training', 'kaizen_training', 'entry_point.py');

export const twoHosts: Benchmark<TrainingContext> = {
  figures: [
    {
      id: 'T5',
      what: 'speed-up of an epoch by a second host, each host with one processor',
      goal: 1.5,
      better: 'higher',
    },
  ],
  async measure(context) {
    const channel = await context.prepared();
    const job = (hosts: readonly string[]) => () => secondsPerEpoch(context, channel, hosts);
    const times = await interleave(ROUNDS, {
      one: job(['algo-1']),
      two: job(['algo-1', 'algo-2']),
    });
    return new Map([
      [
        'T5',
        ratioOf(
          times.one,
          times.two,
          `the default script, two processes that meet by gloo on the loopback interface, epochs 2 to ${EPOCHS}: one host ${seconds(times.one)} per epoch, two ${seconds(times.two)}`,
        ),
      ],
    ]);
  },
};

async function secondsPerEpoch(
  { python, folder }: TrainingContext,
  channel: string,
  hosts: readonly string[],
): Promise<number> {
  const meeting = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: String(await freePort()) };
  const processes = hosts.map((currentHost) => {
    const own = join(folder, 'hosts', currentHost);
    rmSync(own, { recursive: true, force: true });
    mkdirSync(own, { recursive: true });
    const hyperparameters = { script: SCRIPT, epochs: EPOCHS };
    const job = jobEnvironment({ folder: own, channel, hyperparameters, hosts, currentHost, processors: 1 });
    return spawn(python, [ENTRY_POINT], {
      env: { ...job, ...meeting },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  });
  const [first] = processes as [ChildProcess];
  const ends: number[] = [];
  createInterface({ input: first.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    if (line.startsWith(PROGRESS_PREFIX)) ends.push(performance.now());
  });
  await Promise.all(processes.map(ended));
  if (ends.length !== EPOCHS) throw new Error(`${EPOCHS} epochs were trained, ${ends.length} reported`);
  return ((ends.at(-1) as number) - (ends[0] as number)) / 1000 / (EPOCHS - 1);
}

async function ended(child: ChildProcess): Promise<void> {
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`a host ended with ${status}: ${errors.slice(-2000)}`);
}
