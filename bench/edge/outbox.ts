/** G11: what it costs to write every result to disk before it counts, and whether that keeps them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Benchmark, Measurement } from '../figure';
import { countOf, interleave, median, milliseconds, ratioOf } from '../measure';
import { WORK_FOLDER } from '../recipe';
import { runMilliseconds } from '../run-times';
import { startBenchProgram } from './child';
import type { EdgeContext } from './context';
import { numberOf, openOutbox, recordOf } from './outbox-records';

const ROUNDS = 9;
const APPENDS = 200;
const RUNS = 60;
const KILLS = 20;
const SEED = 11;
const LONGEST_LIFE_MILLISECONDS = 150;

export const outbox: Benchmark<EdgeContext> = {
  figures: [
    {
      id: 'G11-append',
      what: 'appending one result durably / running the int8 graph',
      goal: 0.1,
      better: 'lower',
    },
    { id: 'G11-lost', what: 'confirmed results that a SIGKILL loses', goal: 0, better: 'lower' },
  ],
  async measure(context, wanted) {
    const folder = mkdtempSync(join(WORK_FOLDER, 'outbox-'));
    try {
      const results = new Map<string, Measurement>();
      if (wanted.has('G11-append')) results.set('G11-append', await appending(context, folder));
      if (wanted.has('G11-lost')) results.set('G11-lost', await killing(join(folder, 'killed')));
      return results;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function appending(context: EdgeContext, folder: string): Promise<Measurement> {
  const box = await openOutbox(join(folder, 'appended'));
  let number = 0;
  const append = async (): Promise<number> => {
    const times: number[] = [];
    while (times.length < APPENDS) {
      const record = recordOf(number++);
      const started = performance.now();
      await box.append(record);
      times.push(performance.now() - started);
    }
    return median(times);
  };
  const session = await context.session('int8');
  const times = await interleave(ROUNDS, {
    append,
    run: () => runMilliseconds(session, context.model.images, RUNS),
  });
  await box.close();
  return ratioOf(
    times.append,
    times.run,
    `medians of ${APPENDS} appends of ${recordOf(0).length} bytes, each written and synced (fdatasync) alone: ${milliseconds(times.append)}; int8 run ${milliseconds(times.run)}`,
  );
}

async function killing(folder: string): Promise<Measurement> {
  const random = xoroshiro128plus(SEED);
  const confirmed: number[] = [];
  const found = new Set<number>();
  for (let kill = 0; kill < KILLS; kill++) {
    const last = confirmed.at(-1) ?? -1;
    // A record that was written but not confirmed may be there too: leave it its number.
    confirmed.push(
      ...(await appendUntilKilled(folder, last + 1_000, uniformInt(random, 1, LONGEST_LIFE_MILLISECONDS))),
    );
    for (const number of await takeAll(folder)) found.add(number);
  }
  const lost = confirmed.filter((number) => !found.has(number));
  return countOf(
    lost.length,
    `${KILLS} processes killed 1 to ${LONGEST_LIFE_MILLISECONDS} ms after their first confirmed append (seed ${SEED}), ${confirmed.length} results confirmed`,
  );
}

/** Numbers that were confirmed before the process died. */
async function appendUntilKilled(folder: string, first: number, lifeMilliseconds: number): Promise<number[]> {
  const child = startBenchProgram('append-records', [folder, String(first)]);
  const numbers: number[] = [];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  lines.on('line', (line) => {
    if (numbers.length === 0) setTimeout(() => child.kill('SIGKILL'), lifeMilliseconds);
    numbers.push(Number(line));
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await new Promise((resolve) => lines.once('close', resolve));
  await ended;
  if (child.signalCode !== 'SIGKILL')
    throw new Error(`append-records.ts ended by itself (${child.exitCode})`);
  return numbers;
}

/** Every record in the outbox, as the component would send them after its next start. */
async function takeAll(folder: string): Promise<number[]> {
  const box = await openOutbox(folder);
  const numbers: number[] = [];
  for (let batch = await box.nextBatch(true); batch; batch = await box.nextBatch(true)) {
    numbers.push(...batch.records.map(numberOf));
    await box.published(batch.batchId);
  }
  await box.close();
  return numbers;
}
