/** The real component process with a release of the benchmark's model in service. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processesOf } from '../../test/edge-components/component-processes';
import { Device } from '../../test/edge-components/device-harness';
import { COMPONENT, signingKey } from '../../test/edge-components/release-fixture';
import type { EdgeContext } from './context';
import { writeOffer } from './release';

/** So often is looked whether something has happened; part of every time measured. */
const LOOK_MILLISECONDS = 1;
const LONGEST_START_MILLISECONDS = 30_000;

export interface Start {
  /** From the start of the process to the first decision, in milliseconds. */
  readonly milliseconds: number;
  /** Files that the component's processes had mapped then. */
  readonly mapped: ReadonlySet<string>;
}

export class InstalledDevice {
  private frames = 0;

  private constructor(
    private readonly folder: string,
    private readonly device: Device,
    private readonly frame: Buffer,
  ) {}

  /** @param frame what the camera shows */
  static async install(context: EdgeContext, frame: Buffer): Promise<InstalledDevice> {
    // The path of a Unix socket has at most 107 bytes: not below the repository.
    const folder = mkdtempSync(join(tmpdir(), 'kaizen-bench-'));
    const key = signingKey();
    const offer = join(folder, 'offer');
    await writeOffer(context, 'int8', 1, key, offer);
    const device = new Device(folder, context.artifact.folder, [key]);
    await device.start();
    const verdict = await device.offer(offer, COMPONENT);
    if (verdict.code !== 'ACCEPTED')
      throw new Error(`the release is refused: ${verdict.code} ${verdict.message}`);
    await device.endProcess('SIGTERM');
    return new InstalledDevice(folder, device, frame);
  }

  /** Starts the component, shows it a frame as soon as it asks for one, waits for the decision, ends it. */
  async start(): Promise<Start> {
    const { device } = this;
    const answered = device.localResults.length;
    const started = performance.now();
    const child = device.spawn();
    await until('a camera connection', () => device.cameraConnected);
    device.show(`frame-${++this.frames}`, this.frame);
    await until('a decision', () => device.localResults.length > answered);
    const milliseconds = performance.now() - started;
    const mapped = new Set(processesOf(child.pid as number).flatMap(({ pid }) => mappedFiles(pid)));
    const { status } = device.localResults.at(-1) ?? {};
    if (status === 'invalid' || status === undefined) throw new Error(`the first frame is ${status}`);
    await device.endProcess('SIGTERM');
    return { milliseconds, mapped };
  }

  async stop(): Promise<void> {
    await this.device.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function until(what: string, isThere: () => boolean): Promise<void> {
  const deadline = performance.now() + LONGEST_START_MILLISECONDS;
  while (!isThere()) {
    if (performance.now() > deadline) throw new Error(`no ${what} within ${LONGEST_START_MILLISECONDS} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  }
}

/** Absolute paths of the files in a process's address space. */
function mappedFiles(pid: number): string[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return lines.flatMap((line) => /\s(\/.*)$/.exec(line)?.[1] ?? []);
}
