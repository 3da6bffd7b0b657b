import { isDeepStrictEqual } from 'node:util';
import type { CameraConfiguration, DeviceStatus } from '../../../../contracts';
import { cameraSettings } from '../configuration/camera-settings';
import type { Clock, FrameSource } from '../ports';
import { CameraFeed } from './camera-feed';
import type { FrameQueue } from './frame-queue';

export interface CamerasPorts {
  readonly clock: Clock;
  /** A source that has not been started. @throws Error when the configuration makes none */
  readonly frameSourceOf: (cameraId: string, configuration: CameraConfiguration) => FrameSource;
}

interface Camera {
  readonly configuration: CameraConfiguration;
  readonly source: FrameSource;
  readonly feed: CameraFeed;
}

/** The cameras of one use case, each with its source and the watch over it. */
export class Cameras {
  private readonly cameras = new Map<string, Camera>();
  private stopped = false;

  constructor(
    private readonly queue: FrameQueue,
    private readonly ports: CamerasPorts,
  ) {}

  /** Starts, replaces and stops cameras until they are those of `configured`; one that has not changed goes on. */
  apply(configured: Readonly<Record<string, CameraConfiguration>>): void {
    if (this.stopped) return;
    for (const [cameraId, camera] of this.cameras) {
      if (!isDeepStrictEqual(configured[cameraId], camera.configuration)) this.remove(cameraId, camera);
    }
    for (const [cameraId, configuration] of Object.entries(configured)) {
      if (!this.cameras.has(cameraId)) this.add(cameraId, configuration);
    }
  }

  /** Monotonic time at which the last frame of any camera came; undefined before the first. */
  get lastFrameAt(): number | undefined {
    const times = [...this.cameras.values()].flatMap(({ feed }) => feed.lastFrameAt ?? []);
    return times.length > 0 ? Math.max(...times) : undefined;
  }

  states(): NonNullable<DeviceStatus['cameras']> {
    return [...this.cameras.values()].map(({ feed }) => feed.state());
  }

  /** What is wrong with which camera. */
  problem(): string | undefined {
    const bad = this.states().filter(({ ok }) => !ok);
    return bad.length > 0 ? bad.map(({ cameraId, value }) => `${cameraId}: ${value}`).join('; ') : undefined;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.cameras.values()].map(({ source }) => source.stop()));
  }

  private add(cameraId: string, configuration: CameraConfiguration): void {
    const source = this.ports.frameSourceOf(cameraId, configuration);
    const settings = cameraSettings(configuration);
    const feed = new CameraFeed({
      cameraId,
      lane: this.queue.lane(cameraId),
      clock: this.ports.clock,
      settings: () => settings,
      sourceProblem: () => source.problem(),
      sourceLost: () => source.lost?.() ?? 0,
    });
    this.cameras.set(cameraId, { configuration, source, feed });
    source.start(feed);
  }

  private remove(cameraId: string, { source }: Camera): void {
    this.cameras.delete(cameraId);
    this.queue.forget(cameraId);
    void source.stop();
  }
}
