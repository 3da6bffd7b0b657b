/** G24: what the Prepare step takes for ten thousand images and for ten times as many. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { virtualEnvironmentPython } from '../../scripts/repository';
import type { Benchmark, Measurement } from '../figure';
import { median, ratioOf } from '../measure';
import { type Suite, type SuiteContext, suiteOf } from '../suite';

const PROGRAM = join(__dirname, '..', 'python', 'prepare_sizes.py');
const FEW = 10_000;
const MANY = 100_000;
/** Each takes minutes. */
const ROUNDS = 2;

/** What prepare_sizes.py says. */
interface Taken {
  readonly bytes: number;
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly items: number;
}

class PrepareContext implements SuiteContext {
  private readonly folder = mkdtempSync(join(tmpdir(), 'kaizen-bench-prepare-'));

  /** A process of its own, so that none begins with the memory of another. */
  async prepare(items: number): Promise<Taken> {
    const { stdout } = await promisify(execFile)(
      virtualEnvironmentPython(),
      [PROGRAM, '--items', String(items), '--work', this.folder],
      // One heap for all threads: with one for each, what they leave in them differs from run to run.
      { env: { ...process.env, MALLOC_ARENA_MAX: '1' } },
    );
    return JSON.parse(stdout) as Taken;
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const sizes: Benchmark<PrepareContext> = {
  figures: [
    {
      id: 'G24-memory',
      what: 'most memory of Prepare for 100,000 images / for 10,000',
      goal: 1.1,
      better: 'lower',
    },
    {
      id: 'G24-throughput',
      what: 'images that Prepare makes in a second of a processor, of 100,000 / of 10,000',
      goal: 0.9,
      better: 'higher',
    },
  ],
  async measure(context) {
    const few: Taken[] = [];
    const many: Taken[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      few.push(await context.prepare(FEW));
      many.push(await context.prepare(MANY));
    }
    const bytes = (runs: readonly Taken[]) => runs.map((run) => run.bytes);
    // Time of processors: what else the machine does in these minutes would be taken for a change of speed.
    const speeds = (runs: readonly Taken[]) => runs.map((run) => run.items / run.processorSeconds);
    const mebibytes = (runs: readonly Taken[]) => `${(median(bytes(runs)) / 2 ** 20).toFixed(1)} MiB`;
    const images = (runs: readonly Taken[]) => median(speeds(runs)).toFixed(0);
    return new Map<string, Measurement>([
      [
        'G24-memory',
        ratioOf(
          bytes(many),
          bytes(few),
          `anonymous memory of the whole process, Python and its packages included: ${mebibytes(many)} and ${mebibytes(few)}; 500 photographs of 128 x 128, each named by many items, prepared at 64 x 64`,
        ),
      ],
      [
        'G24-throughput',
        ratioOf(
          speeds(many),
          speeds(few),
          `from the manifest to the prepared files: ${images(many)} and ${images(few)} images in a second of one processor`,
        ),
      ],
    ]);
  },
};

export const prepareSuite: Suite = suiteOf(
  'memory and speed of Prepare, by the size of the data set',
  [sizes],
  async () => new PrepareContext(),
);
