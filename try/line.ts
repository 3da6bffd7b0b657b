/** The line and the four devices that look at it, with the held-out images as its parts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalAws } from '@kaizen-edge/local-aws';
import type { KaizenEnvironment } from '../cli/shared/environment';
import type { DemoClients } from '../demo/clients';
import type { DemoConsole } from '../demo/console';
import { nucleusAt, startFleet } from '../demo/fleet';
import type { StockFrame } from '../demo/inspection-line/frame-stock';
import { InspectionLine, type ShownFrame } from '../demo/inspection-line/inspection-line';
import { Observations } from '../demo/observations';
import type { WorkDirectory } from '../demo/work-directory';

const THINGS = { canary: ['device-1', 'device-2'], stable: ['device-3', 'device-4'] } as const;
const CONDITION = 'held out';
/** As in the demo: four devices share the machine. */
const FRAMES_PER_SECOND = 8;
const SEED = 20261127;
/** Results come in seconds; a queue that is worked off first takes longer. */
const PATIENCE = { quietLooks: 90, lookMilliseconds: 1000 };

export interface LineOptions {
  readonly aws: LocalAws;
  readonly clients: DemoClients;
  readonly environment: KaizenEnvironment;
  readonly console: DemoConsole;
  readonly abort: AbortController;
  readonly frames: readonly StockFrame[];
  readonly work: WorkDirectory;
}

export interface Line {
  readonly observations: Observations;
  readonly devices: ReadonlyArray<{
    readonly deviceId: string;
    readonly wave: string;
    readonly nucleus: string;
  }>;
  /** What {@link inspect} has shown, in this order. */
  readonly inspected: readonly ShownFrame[];
  /** Bytes of every image that was shown, and how many there were. */
  totals(): { readonly bytes: number; readonly frames: number };
  /** Shows each image once, to one of the devices, and waits for their results. */
  inspect(): Promise<void>;
  /** Parts pass at random again. */
  resume(): void;
}

export async function startLine(options: LineOptions, stops: Array<() => Promise<void>>): Promise<Line> {
  const { aws, clients, environment, console, abort, frames, work } = options;
  // A Unix socket's path has at most 107 bytes, and a clone may lie deep.
  const socketDirectory = mkdtempSync(join(tmpdir(), 'kaizen-try-'));
  stops.push(async () => rmSync(socketDirectory, { recursive: true, force: true }));
  const line = new InspectionLine({
    socketDirectory,
    deviceIds: [...THINGS.canary, ...THINGS.stable],
    framesPerSecond: FRAMES_PER_SECOND,
    stock: { [CONDITION]: frames },
    condition: CONDITION,
    seed: SEED,
    truthFile: join(work.run, 'truth.jsonl'),
  });
  stops.push(() => line.stop());
  await line.start();
  await console.phase('provisioning and starting four core devices', () =>
    startFleet(
      {
        ...{ aws, clients, environment, things: THINGS },
        folder: join(work.run, 'devices'),
        cameraSocket: (thingName) => line.socketPath(thingName),
        onCrash: (message) => abort.abort(new Error(message)),
      },
      stops,
    ),
  );
  const observations = new Observations(clients.s3, environment.output('TelemetryBucketName'), line);
  const inspected: ShownFrame[] = [];
  return {
    observations,
    inspected,
    devices: Object.entries(THINGS).flatMap(([wave, things]) =>
      things.map((deviceId, place) => ({ deviceId, wave, nucleus: nucleusAt(place) })),
    ),
    totals: () => {
      const shown = [...line.shown.values()];
      return { bytes: shown.reduce((sum, { bytes }) => sum + bytes, 0), frames: shown.length };
    },
    inspect: async () => {
      inspected.push(...(await line.showEach(CONDITION, abort.signal)));
      await lastResults(observations, inspected, abort.signal);
    },
    resume: () => line.resume(),
  };
}

/** Until every frame has its result, or none has come at `quietLooks` looks in a row. */
export async function lastResults(
  observations: Pick<Observations, 'refresh' | 'all'>,
  shown: readonly Pick<ShownFrame, 'frameId'>[],
  signal: AbortSignal,
  { quietLooks, lookMilliseconds }: typeof PATIENCE = PATIENCE,
): Promise<void> {
  const waiting = new Set(shown.map(({ frameId }) => frameId));
  for (let quiet = 0; quiet < quietLooks; quiet++) {
    const missing = waiting.size;
    await observations.refresh();
    for (const { record } of observations.all) waiting.delete(record.frameId);
    if (waiting.size === 0) return;
    if (waiting.size < missing) quiet = 0;
    await sleep(lookMilliseconds, undefined, { signal });
  }
}
