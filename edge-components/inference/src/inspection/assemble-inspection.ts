/** The parts of a use case, put together over its ports: what hands what to whom. */
import type { OperatingPointConfiguration, Release } from '../../../../contracts';
import { Cameras, type CamerasPorts } from '../cameras/cameras';
import { FrameQueue } from '../cameras/frame-queue';
import type { Captures } from '../captures/ports';
import { deadlineMilliseconds, secondOpinionOf, type UseCaseSettings } from '../configuration/configuration';
import { expandTopic, localOpinionsTopic, localResultsTopic } from '../configuration/topics';
import { DecisionLine, type DecisionLinePorts } from '../decisions/decision-line';
import { SecondOpinions } from '../opinions/second-opinions';
import type { CaptureStore, CloudSubscriber, Publisher } from '../ports';
import { ReleaseService, type ReleaseServicePorts } from '../releases/release-service';
import { ServingSlot } from '../releases/serving-slot';
import { BatchSender } from '../results/batch-sender';
import { Confirmations } from '../results/confirmations';
import type { ResultOutbox } from '../results/ports';
import { ResultKeeper } from '../results/result-keeper';
import type { Connection } from './connection';
import { ServingSums } from './embedding-sums';
import { FramePipeline } from './frame-pipeline';
import { Inspection } from './inspection';
import { type OperatingPoint, operatingPoint } from './operating-point';

export interface InspectionPorts extends Omit<ReleaseServicePorts, 'slot' | 'settings' | 'onServing'> {
  readonly deviceId: string;
  /** Unique per process; makes record ids unique for ever. */
  readonly processId: string;
  /** As they are at the moment. */
  readonly settings: () => UseCaseSettings;
  readonly outbox: ResultOutbox;
  readonly captures: Captures;
  /** Where images go that are no captures. */
  readonly captureStore: CaptureStore;
  readonly captureBucket: () => string;
  readonly frameSourceOf: CamerasPorts['frameSourceOf'];
  readonly openDecisionOutput: DecisionLinePorts['open'];
  readonly publisher: Publisher;
  readonly subscriber: CloudSubscriber;
  /** Told the outcome of every publish, and asked for the last one. */
  readonly connection: Connection;
  readonly random: () => number;
  /** What an operator has asked for, as it is at the moment. @default - nothing */
  readonly askedPoint?: () => OperatingPointConfiguration | undefined;
  /** Something changed that the cloud should know at once. */
  readonly onChange: () => void;
}

/**
 * Brings the release of before back into service. Nothing takes frames or sends anything before the start.
 * @throws Error when the disk cannot be used
 */
export async function assembleInspection(ports: InspectionPorts): Promise<Inspection> {
  const { useCase, settings, clock, outbox, captures, publisher, onChange } = ports;
  const slot = new ServingSlot();
  const releases = new ReleaseService({ ...ports, slot, onServing: () => inspection.releaseServes() });
  const queue = new FrameQueue(() => settings().frames);
  const decisions = new DecisionLine({
    open: ports.openDecisionOutput,
    publisher,
    topic: localResultsTopic(useCase),
    revisionsTopic: localOpinionsTopic(useCase),
  });
  const results = new ResultKeeper(ports);
  const opinions = opinionsOf(ports, decisions);
  const pointOf = (release: Release): OperatingPoint => operatingPoint(release, ports.askedPoint?.());
  const inspection: Inspection = new Inspection({
    useCase,
    settings,
    clock,
    releases,
    queue,
    decisions,
    opinions,
    results,
    outbox,
    captures,
    onChange,
    cameras: new Cameras(queue, ports),
    operatingPoint: pointOf,
    pipeline: pipelineOf(ports, { queue, slot, releases, decisions, opinions, results, pointOf }),
    sender: senderOf(ports),
    confirmations: confirmationsOf(ports),
  });
  await releases.restore();
  return inspection;
}

interface PipelineNeighbours {
  readonly queue: FrameQueue;
  readonly slot: ServingSlot;
  readonly releases: ReleaseService;
  readonly decisions: DecisionLine;
  readonly opinions: SecondOpinions;
  readonly results: ResultKeeper;
  readonly pointOf: (release: Release) => OperatingPoint;
}

function pipelineOf(
  ports: InspectionPorts,
  { queue, slot, releases, decisions, opinions, results, pointOf }: PipelineNeighbours,
): FramePipeline {
  const { processId, connection, settings } = ports;
  const sums = new ServingSums(ports);
  let records = 0;
  return new FramePipeline({
    ...ports,
    queue,
    slot,
    online: () => connection.online,
    operatingPoint: pointOf,
    deadlineMilliseconds: () => deadlineMilliseconds(settings()),
    countEmbedding: (release, predictedClass, embedding) => sums.count(release, predictedClass, embedding),
    nextRecordId: () => `${processId}-${++records}`,
    onDecision: (result, active) => {
      releases.answered(active, result);
      decisions.tell(result, active.release);
    },
    secondOpinion: (reviewed) => opinions.ask(reviewed),
    onResult: (result, frame, selection) => results.keep(result, frame, selection),
    onModelGone: (active, error) => void releases.modelGone(active, error),
  });
}

function senderOf(ports: InspectionPorts): BatchSender {
  const { settings, deviceId } = ports;
  return new BatchSender({
    ...ports,
    topic: () => expandTopic(settings().resultsTopic, deviceId),
    flushMilliseconds: () => settings().outbox.flushMilliseconds,
    askMilliseconds: () => {
      const { confirmations } = settings();
      return confirmations && confirmations.askSeconds * 1_000;
    },
  });
}

function confirmationsOf(ports: InspectionPorts): Confirmations {
  const { settings, deviceId } = ports;
  return new Confirmations({
    ...ports,
    topic: () => {
      const { confirmations } = settings();
      return confirmations && expandTopic(confirmations.topic, deviceId);
    },
  });
}

function opinionsOf(ports: InspectionPorts, decisions: DecisionLine): SecondOpinions {
  const { settings, connection } = ports;
  return new SecondOpinions({
    ...ports,
    settings: () => secondOpinionOf(settings()),
    online: () => connection.online,
    revise: ({ result, release }, { predictedClass, confidence }, disposition) =>
      decisions.revise({ ...result, status: 'ok', predictedClass, confidence, disposition }, release),
  });
}
