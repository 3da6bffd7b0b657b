/** The Python programs that the component is compared with, in an environment of their own. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT, virtualEnvironmentPython } from '../../scripts/repository';
import { JsonLinesProgram } from '../json-lines-program';

const ENVIRONMENT = join(REPOSITORY_ROOT, '.venv-bench');
const REQUIREMENTS = join(__dirname, '..', 'requirements.txt');
const INCUMBENT = join(__dirname, '..', 'python', 'incumbent.py');

function step(what: string, command: string, parameters: readonly string[]): void {
  console.log(`bench: ${what} ...`);
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${what} failed: ${error?.message ?? `${stdout}${stderr}`.slice(-2000)}`);
}

/** Makes the environment when it is not there or was made from other requirements. Returns its interpreter. */
export function incumbentPython(): string {
  const interpreter = join(ENVIRONMENT, 'bin', 'python');
  const stamp = join(ENVIRONMENT, 'requirements.sha256');
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return interpreter;
  const packages = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS];
  step('making .venv-bench', virtualEnvironmentPython(), ['-m', 'venv', '--clear', ENVIRONMENT]);
  step('installing bench/requirements.txt', interpreter, packages);
  writeFileSync(stamp, digest);
  return interpreter;
}

/** How a Python program makes the network's input of a frame: as samples do, or as it was made for the training. */
export type Way = 'opencv' | 'trainer';

/** incumbent.py, running. One request at a time. */
export class Incumbent extends JsonLinesProgram {
  constructor(interpreter: string) {
    super(interpreter, [INCUMBENT]);
  }

  async load(model: string, threads = 1): Promise<void> {
    await this.request({ do: 'load', model, threads });
  }

  /** Milliseconds of each of `count` runs on the first image of a file of raw RGB pixels. */
  async run(image: string, size: number, count: number): Promise<number[]> {
    const { milliseconds } = await this.request({ do: 'run', image, size, count });
    return milliseconds as number[];
  }

  /** Milliseconds per frame of decoding, resizing and running `count` frames one after the other. */
  async loop(frames: readonly string[], size: number, count: number, by: Way): Promise<number> {
    const { millisecondsPerFrame } = await this.request({ do: 'loop', frames, size, count, by });
    return millisecondsPerFrame as number;
  }

  /** SHA-256 of the RGB pixels that a network with an input of this size is given of a frame. */
  async pixels(frame: string, size: number, by: Way): Promise<string> {
    const { sha256 } = await this.request({ do: 'pixels', frame, size, by });
    return sha256 as string;
  }
}
