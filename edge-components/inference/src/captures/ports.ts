import type { InferenceResult } from '../../../../contracts';
import type { Frame } from '../ports';
import type { Selection } from './capture-selection';

/** Images chosen for upload, until the cloud has them. */
export interface Captures {
  /** Of the day's budget. */
  readonly bytesToday: number;
  readonly waiting: number;
  /** Captures that gave way because there was no room, or could not be written or read. */
  readonly dropped: number;
  /** Why the last upload or deletion failed, until one succeeds. */
  readonly problem: string | undefined;
  /** Whether what is left of today's budget for a frame like this is kept for the control sample. */
  onlyControl(frame: Frame): boolean;
  /**
   * Takes the frame's bytes out of today's budget. Synchronous, because the result must say whether the frame was chosen.
   * @param releaseId that has answered the frame
   * @returns whether they fit into what is left for it
   */
  reserve(frame: Frame, releaseId: string): boolean;
  /** Keeps a chosen frame. Never throws: the result does not depend on it. */
  add(captureId: string, frame: Frame, result: InferenceResult, selection: Selection): Promise<void>;
  start(): void;
  /** The way to the cloud may be open again: do not wait out the delay. */
  retryNow(): void;
  /** Ends the upload that is under way; it is repeated after the next start. */
  stop(): Promise<void>;
  /** No pixel may leave the device any more: what is being sent is cut off, and what waits is deleted. */
  clear(): Promise<void>;
}
