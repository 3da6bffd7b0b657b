/** G12, G13: how much a device has to download, and how soon it answers. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Measurement } from '../figure';
import { countOf, interleave, milliseconds, ratioOf, significant } from '../measure';
import type { EdgeContext } from './context';
import { InstalledDevice } from './installed-device';
import { framesOf } from './jpeg-frames';

const ROUNDS = 9;
const FIRST_INFERENCE = join(__dirname, '..', 'python', 'first_inference.py');
/** As little as the component gets: NODE_EXTRA_CA_CERTS alone makes Node.js start 80 ms later. */
const ENVIRONMENT = { PATH: process.env.PATH };
/** Read, not mapped. */
const BUNDLE = /^(main|agent|decoder-host|inference-host)\.cjs$/;

export const startup: Benchmark<EdgeContext> = {
  figures: [
    {
      id: 'G12',
      what: 'bytes of the unpacked artifact / bytes of its files that the running component has loaded',
      goal: 1.1,
      better: 'lower',
    },
    {
      id: 'G13',
      what: 'start of the component to its first decision / start of a Python program to its first answer',
      goal: 0.7,
      better: 'lower',
    },
  ],
  async measure(context) {
    const [path] = framesOf(context, { width: 640, height: 480 }) as [string];
    const device = await InstalledDevice.install(context, readFileSync(path));
    try {
      const { mapped } = await device.start();
      const inference = [
        FIRST_INFERENCE,
        context.model.pathOf('int8'),
        path,
        String(context.model.images[0]?.width),
      ];
      await firstLine(context.python, inference);
      const times = await interleave(ROUNDS, {
        component: async () => (await device.start()).milliseconds,
        python: () => firstLine(context.python, inference),
        // What no program in the language can go below.
        emptyNode: () => firstLine(process.execPath, ['-e', 'console.log(0)']),
        emptyPython: () => firstLine(context.python, ['-c', 'print(0)']),
      });
      return new Map([
        ['G12', artifactRatio(context, mapped)],
        [
          'G13',
          ratioOf(
            times.component,
            times.python,
            `a VGA JPEG, int8, files in the page cache: component ${milliseconds(times.component)} with its release verified, IPC, camera socket and results; Python ${milliseconds(times.python)} with OpenCV, ONNX Runtime and a file; programs that only print a line: Node.js ${milliseconds(times.emptyNode)}, Python ${milliseconds(times.emptyPython)}`,
          ),
        ],
      ]);
    } finally {
      await device.stop();
    }
  },
};

function artifactRatio({ artifact }: EdgeContext, mapped: ReadonlySet<string>): Measurement {
  const sizes = artifact.sizes();
  const root = join(artifact.folder, 'inference');
  const isLoaded = (name: string): boolean => BUNDLE.test(name) || mapped.has(join(root, name));
  const sum = (names: readonly string[]): number =>
    names.reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
  const all = [...sizes.keys()];
  const [loaded, idle] = [all.filter(isLoaded), all.filter((name) => !isLoaded(name))];
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  return countOf(
    significant(sum(all) / sum(loaded)),
    `linux-${process.arch}: ${all.length} files of ${megabytes(sum(all))}; loaded after the first frame (/proc/<pid>/maps, and the bundles) ${megabytes(sum(loaded))}; not loaded: ${idle.join(', ') || 'none'}`,
  );
}

/** Milliseconds from the start of a program to the first line that it prints. */
function firstLine(program: string, parameters: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    let elapsed: number | undefined;
    const child = spawn(program, parameters, {
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.once('data', () => {
      elapsed = performance.now() - started;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (elapsed === undefined) reject(new Error(`${program} ended with ${code} and said nothing`));
      else resolve(elapsed);
    });
  });
}
