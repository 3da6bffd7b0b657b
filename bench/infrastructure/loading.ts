/** G14: how soon a function has loaded, in a process of its own as in Lambda, against its SDK clients alone. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Benchmark } from '../figure';
import { interleave, median, milliseconds, ratioOf } from '../measure';
import type { FunctionBundle, InfrastructureContext } from './context';

const ROUNDS = 7;
/** Processor time, which others on the machine do not change as they change the clock's. */
const LOAD = `
const before = process.cpuUsage();
require(process.argv[1]);
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1000);
`;

const run = promisify(execFile);

async function load(path: string): Promise<number> {
  const { stdout } = await run(process.execPath, ['-e', LOAD, path], { env: { PATH: process.env.PATH } });
  return Number(stdout);
}

async function rounds({ path, sdkPath }: FunctionBundle): Promise<Record<'whole' | 'sdk', number[]>> {
  return interleave(ROUNDS, { whole: () => load(path), sdk: () => load(sdkPath) });
}

export const loading: Benchmark<InfrastructureContext> = {
  figures: [
    {
      id: 'G14-load',
      what: 'processor time to load a function / to load its SDK clients alone, of the function where that is largest',
      goal: 1.1,
      better: 'lower',
    },
  ],
  async measure({ bundles }) {
    const measured: { name: string; ratio: number; whole: number[]; sdk: number[] }[] = [];
    for (const bundle of bundles) {
      const { whole, sdk } = await rounds(bundle);
      const ratio = median(whole.map((value, round) => value / (sdk[round] as number)));
      measured.push({ name: bundle.name, ratio, whole, sdk });
    }
    const worst = measured.reduce((found, each) => (each.ratio > found.ratio ? each : found));
    const others = measured.map(({ name, ratio }) => `${name} ${ratio.toFixed(2)}`).join(', ');
    return new Map([
      [
        'G14-load',
        ratioOf(
          worst.whole,
          worst.sdk,
          `${worst.name}: ${milliseconds(worst.whole)} with its handler, ${milliseconds(worst.sdk)} for clients and commands; Node.js ${process.versions.node}, files in the page cache. Each: ${others}`,
        ),
      ],
    ]);
  },
};
