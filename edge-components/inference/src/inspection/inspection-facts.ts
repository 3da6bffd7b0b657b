import type { DeviceStatus } from '../../../../contracts';
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

function conditions({
  releases,
  cameras,
  pipeline,
  results,
  outbox,
  captures,
  decisions,
  opinions,
}: InspectionParts): Condition[] {
  const controller = decisions.state();
  const { counts } = opinions;
  return [
    condition('clock', releases.clockProblem),
    condition('release', releases.problem),
    { name: 'lastProcessEnd', ok: true, value: (releases.lastEnd ?? 'none').slice(0, LONGEST_VALUE) },
    condition('cameras', cameras.problem()),
    condition('inference', pipeline.problem),
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
