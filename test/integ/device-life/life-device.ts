/** One core device of either nucleus with the cameras that look at its line, and the books of what it has produced. */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NucleusName } from '@kaizen-edge/local-aws';
import { askEndpoints } from '../../../cli/device/check/endpoints';
import type { ThingFile, Wave } from '../../../cli/device/device-folder';
import { provisionDevice } from '../../../cli/device/provision-device';
import type { InferenceResult } from '../../../contracts';
import { Device } from '../../../demo/devices';
import { statOf } from '../../../edge-components/inference/src/models/process-limits';
import { salvage } from '../../../edge-components/inference/src/results/outbox-records';
import { processesOf } from '../../edge-components/component-processes';
import { Camera } from '../../edge-components/device-harness';
import { waitFor } from '../../edge-components/wait-for';
import type { LifeCloud } from './life-cloud';
import { CONFIG } from './life-stack';

export const CAMERAS = ['camera-1', 'camera-2', 'camera-3'] as const;
export type CameraName = (typeof CAMERAS)[number];

/** Ends what hangs; a component that was just started needs a few seconds, and many more on a busy machine. */
export const PATIENCE_MILLISECONDS = 60_000;

export class LifeDevice {
  readonly thingName: string;
  /** Frame ids of results that have been seen on the disk, or in the cloud. */
  readonly produced = new Set<string>();
  private readonly root: string;
  private readonly identity: string;
  private readonly cameras: ReadonlyMap<CameraName, Camera>;
  private device: Device | undefined;
  private shown = 0;

  constructor(
    private readonly cloud: LifeCloud,
    readonly nucleus: NucleusName,
    private readonly wave: Wave,
    private readonly image: Buffer,
  ) {
    this.thingName = `line-${nucleus}`;
    this.root = join(cloud.folder, nucleus);
    this.identity = join(cloud.folder, `${nucleus}-identity`);
    this.cameras = new Map(CAMERAS.map((name) => [name, new Camera(this.socketOf(name))]));
  }

  socketOf(camera: CameraName): string {
    return join(this.cloud.folder, `${this.nucleus}-${camera}.sock`);
  }

  /** Provisions, also for the second time. @returns what thing.json says */
  provision(): Promise<ThingFile> {
    const { clients, environment, rootCa } = this.cloud;
    const { thingName, wave, identity: folder } = this;
    return provisionDevice(clients, environment, { thingName, wave, folder, rootCa });
  }

  async switchOn(): Promise<void> {
    await Promise.all([...this.cameras.values()].map((camera) => camera.start()));
    const { cloud } = this;
    this.device = new Device(cloud.aws, {
      environmentName: CONFIG.environmentName,
      thingName: this.thingName,
      identityDirectory: this.identity,
      rootPath: this.root,
      roleAlias: cloud.environment.output('RoleAliasName'),
      cameraSocket: this.socketOf('camera-1'),
      onCrash: (message) => {
        throw new Error(message);
      },
      // As the classic nucleus comes: it says of what it holds in memory that it is sent.
      more: { nucleus: this.nucleus, spoolsMessages: true },
    });
    await this.device.start();
  }

  /** Stops the nucleus in good order and starts it with the files that its folder has now. */
  async restart(): Promise<void> {
    await this.device?.stop();
    await this.device?.start();
  }

  async switchOff(): Promise<void> {
    await this.device?.stop();
    await Promise.all([...this.cameras.values()].map((camera) => camera.stop()));
  }

  cutNetwork(): void {
    this.device?.cutNetwork();
  }

  restoreNetwork(): void {
    this.device?.restoreNetwork();
  }

  /** SIGKILL for nucleus and component, every process of them in the same instant; what is on the disk then was produced. */
  async cutPower(): Promise<void> {
    const pids = this.components().flatMap((group) => processesOf(group).map(({ pid }) => pid));
    const ended = this.device?.cutPower();
    for (const pid of pids) kill(pid);
    await ended;
    await waitFor('the end of every process', () => pids.every(hasEnded));
    for (const { frameId } of this.onDisk()) this.produced.add(frameId);
  }

  async start(): Promise<void> {
    await this.device?.start();
  }

  /** Whether the component listens to this camera. */
  hasCamera(camera: CameraName): boolean {
    return this.cameras.get(camera)?.connected ?? false;
  }

  /** Shows frames one after the other, each when the one before has its result on the disk or in the cloud. */
  async inspect(frames: number, camera: CameraName = 'camera-1'): Promise<string[]> {
    const shown: string[] = [];
    for (let index = 0; index < frames; index++) {
      await waitFor(`${camera} to be connected`, () => this.hasCamera(camera), PATIENCE_MILLISECONDS);
      const frameId = this.show(camera);
      await waitFor(`a result of ${frameId}`, () => this.isDecided(frameId), PATIENCE_MILLISECONDS);
      this.produced.add(frameId);
      shown.push(frameId);
    }
    return shown;
  }

  /** Shows frames as fast as they can be sent, and answers when the first of them is on the disk. */
  async burst(frames: number): Promise<void> {
    const [first = ''] = Array.from({ length: frames }, () => this.show('camera-1'));
    await waitFor('the first result of the burst', () => this.isDecided(first));
  }

  /** Resolves when the device keeps no result any more: the cloud has confirmed all. */
  async drained(): Promise<void> {
    await waitFor('confirmations of all results', () => this.onDisk().length === 0, PATIENCE_MILLISECONDS);
  }

  /** What its endpoints say to the certificate in a folder. */
  async refusals(thing: ThingFile, folder = this.identity): Promise<(string | undefined)[]> {
    const facts = await askEndpoints(folder, thing);
    return facts.filter(({ purpose }) => purpose !== 'MQTT').map(({ problem }) => problem);
  }

  copyIdentity(): string {
    const copy = `${this.identity}-copy`;
    cpSync(this.identity, copy, { recursive: true });
    return copy;
  }

  private show(camera: CameraName): string {
    const frameId = `${this.thingName}-${++this.shown}`;
    this.cameras.get(camera)?.show(frameId, this.image);
    return frameId;
  }

  /** Read in this order: a result leaves the disk after the cloud has heard of it. */
  private isDecided(frameId: string): boolean {
    return (
      this.onDisk().some((result) => result.frameId === frameId) ||
      this.cloud.hasHeardOf(this.thingName, frameId)
    );
  }

  private onDisk(): InferenceResult[] {
    const folder = join(this.root, 'work', this.cloud.inference, 'use-cases', CONFIG.useCase, 'outbox');
    return readdirSync(folder)
      .filter((name) => name.endsWith('.log'))
      .flatMap((name) => salvage(readIfThere(join(folder, name))).records)
      .map((record) => JSON.parse(record));
  }

  /** Leaders of the process groups of components, as the nucleus has noted them. */
  private components(): number[] {
    const run = join(this.root, 'run');
    return readdirSync(run)
      .flatMap((instance) => readdirSync(join(run, instance)))
      .map(Number);
  }
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** The nucleus's watchdog may have been first. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A process that nobody has waited for has ended all the same. */
function hasEnded(pid: number): boolean {
  try {
    return /^[ZX]$/.test(statOf(pid)[0] ?? '');
  } catch {
    return true;
  }
}
