import type { Release } from '../../../../contracts';
import type { Cameras } from '../cameras/cameras';
import type { FrameQueue } from '../cameras/frame-queue';
import type { Captures } from '../captures/ports';
import type { UseCaseSettings } from '../configuration/configuration';
import type { DecisionLine } from '../decisions/decision-line';
import type { SecondOpinions } from '../opinions/second-opinions';
import type { Clock } from '../ports';
import type { ReleaseService } from '../releases/release-service';
import type { BatchSender } from '../results/batch-sender';
import type { Confirmations } from '../results/confirmations';
import type { ResultOutbox } from '../results/ports';
import type { ResultKeeper } from '../results/result-keeper';
import type { FramePipeline } from './frame-pipeline';
import type { OperatingPoint } from './operating-point';

/** Frames go from the cameras by the queue through the pipeline to the decisions and the results. */
export interface InspectionParts {
  readonly useCase: string;
  /** As they are at the moment. */
  readonly settings: () => UseCaseSettings;
  readonly clock: Clock;
  readonly cameras: Cameras;
  readonly queue: FrameQueue;
  readonly pipeline: FramePipeline;
  readonly releases: ReleaseService;
  readonly decisions: DecisionLine;
  readonly opinions: SecondOpinions;
  readonly results: ResultKeeper;
  readonly outbox: ResultOutbox;
  readonly sender: BatchSender;
  readonly confirmations: Confirmations;
  readonly captures: Captures;
  /** The thresholds that hold for a release. */
  readonly operatingPoint: (release: Release) => OperatingPoint;
  /** Something changed that the cloud should know at once. */
  readonly onChange: () => void;
}
