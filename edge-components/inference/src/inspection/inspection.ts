/**
 * One use case on this device, from its cameras to its results: what starts and stops in which order, what an offered
 * release and a changed configuration do, and what is said about all of it. Knows nothing of other use cases.
 */
import type { ReleaseOffer, ReleaseVerdict } from '../../../../contracts';
import { within } from '../shared/within';
import { type InspectionFacts, inspectionFacts } from './inspection-facts';
import type { InspectionParts } from './inspection-parts';

/** Of the 3 s that a stop may take: frames under way, then what can still be sent. */
const DRAIN_MILLISECONDS = 1_000;
const FLUSH_MILLISECONDS = 500;

export class Inspection {
  private running: Promise<void> = Promise.resolve();
  private started = false;
  private stopping = false;

  constructor(private readonly parts: InspectionParts) {}

  start(): void {
    const { decisions, sender, confirmations, opinions, captures, pipeline, settings } = this.parts;
    void decisions.apply(settings().decisionOutput);
    confirmations.apply();
    opinions.apply();
    sender.start();
    captures.start();
    this.running = pipeline.run();
    this.started = true;
    this.applyCameras();
  }

  /** Stops taking frames, finishes those under way, sends what it can within its time, and closes everything. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    const { cameras, queue, releases, decisions, confirmations, opinions, outbox } = this.parts;
    releases.prepareStop();
    await cameras.stop();
    queue.close();
    // Results that wait for one are kept without it.
    opinions.stop();
    // Without a release no frame can be answered, so none is waited for.
    if (releases.current) await atMost(DRAIN_MILLISECONDS, this.running);
    await this.sendTheLast();
    await decisions.close();
    confirmations.stop();
    await outbox.close();
    releases.stop();
  }

  /** The way to the cloud may be open again. */
  retryNow(): void {
    this.parts.sender.retryNow();
    this.parts.captures.retryNow();
  }

  /** Monotonic time at which the last frame of any camera came. */
  get lastFrameAt(): number | undefined {
    return this.parts.cameras.lastFrameAt;
  }

  /** Puts an offered release into service, or says why not. */
  async install(offer: ReleaseOffer): Promise<ReleaseVerdict> {
    const verdict = await this.parts.releases.install(offer);
    this.applyCameras();
    this.parts.onChange();
    return verdict;
  }

  /** Brings a changed configuration into effect. Most settings are read where they are used. */
  async applyChange(): Promise<void> {
    const { settings, captures, decisions, confirmations, opinions, queue } = this.parts;
    const { upload, decisionOutput } = settings();
    if (upload.privacy === 'never') await captures.clear();
    await decisions.apply(decisionOutput);
    confirmations.apply();
    opinions.apply();
    queue.reconsider();
    this.applyCameras();
  }

  /** A release serves again. Before the start that changes nothing. */
  releaseServes(): void {
    if (!this.started) return;
    this.applyCameras();
    this.parts.onChange();
  }

  noteTime(): Promise<void> {
    return this.parts.releases.noteTime();
  }

  facts(): InspectionFacts {
    return inspectionFacts(this.parts);
  }

  /** Frames are taken once there is a release that can answer them. */
  private applyCameras(): void {
    const { releases, cameras, settings } = this.parts;
    if (releases.current && !this.stopping) cameras.apply(settings().cameras);
  }

  private async sendTheLast(): Promise<void> {
    const { sender, captures, clock } = this.parts;
    await atMost(DRAIN_MILLISECONDS, Promise.all([sender.stop(), captures.stop()]));
    await atMost(FLUSH_MILLISECONDS, sender.flush(clock.monotonic() + FLUSH_MILLISECONDS));
  }
}

/** A failure of `work` is its own business: the stop goes on. */
function atMost(milliseconds: number, work: Promise<unknown>): Promise<unknown> {
  return within(milliseconds, work, () => undefined).catch(() => undefined);
}
