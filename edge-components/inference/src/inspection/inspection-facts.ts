import type { DeviceStatus, Release } from '../../../../contracts';
import { type Condition, condition, LONGEST_VALUE } from './device-status';
import type { InspectionParts } from './inspection-parts';

/** What the status says of one use case. */
export type InspectionFacts = Pick<
  DeviceStatus,
  | 'useCase'
  | 'releaseId'
  | 'variant'
  | 'highestCounter'
  | 'outboxRecords'
  | 'framesProcessed'
  | 'framesDropped'
  | 'captureBytesToday'
  | 'refusedReleases'
  | 'cameras'
  | 'releases'
  | 'challenge'
> & { readonly conditions: readonly Condition[] };

export function inspectionFacts(parts: InspectionParts): InspectionFacts {
  const { useCase, releases, outbox, captures, cameras, pipeline, queue } = parts;
  const { current, challenge } = releases;
  return {
    useCase,
    ...(current && { releaseId: current.release.releaseId, variant: current.variant }),
    conditions: conditions(parts),
    outboxRecords: outbox.records,
    framesProcessed: pipeline.processed,
    framesDropped: queue.dropped,
    captureBytesToday: captures.bytesToday,
    cameras: cameras.states(),
    ...releases.inventory,
    ...(challenge && { challenge }),
  };
}

/** Said once there is a release. */
function operatingPointCondition(
  release: Release | undefined,
  pointOf: InspectionParts['operatingPoint'],
): Condition[] {
  if (!release) return [];
  const { said, problem } = pointOf(release);
  return [{ name: 'operatingPoint', ok: problem === undefined, value: said.slice(0, LONGEST_VALUE) }];
}

function conditions({
  releases,
  cameras,
  pipeline,
  results,
  outbox,
  captures,
  decisions,
  opinions,
  operatingPoint,
}: InspectionParts): Condition[] {
  const controller = decisions.state();
  const { counts } = opinions;
  return [
    condition('clock', releases.clockProblem),
    condition('release', releases.problem),
    { name: 'lastProcessEnd', ok: true, value: (releases.lastEnd ?? 'none').slice(0, LONGEST_VALUE) },
    condition('cameras', cameras.problem()),
    condition('inference', pipeline.problem),
    { name: 'reviewedFrames', ok: true, value: pipeline.reviews.said },
    ...operatingPointCondition(releases.current?.release, operatingPoint),
    condition('outbox', results.problem),
    condition('captures', captures.problem),
    ...(controller ? [condition('decisionOutput', controller.problem)] : []),
    ...(counts === undefined
      ? []
      : [{ name: 'secondOpinions', ok: true, value: counts.slice(0, LONGEST_VALUE) }]),
    { name: 'outboxDroppedRecords', ok: true, value: outbox.dropped },
    { name: 'outboxDamagedRecords', ok: outbox.corrupted === 0, value: outbox.corrupted },
    { name: 'capturesWaiting', ok: true, value: captures.waiting },
    { name: 'capturesDropped', ok: true, value: captures.dropped },
  ];
}
