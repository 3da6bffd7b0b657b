/**
 * Managed spot training: capacity that can be taken back. An interruption ends the hosts by SIGTERM, then SIGKILL, and
 * their disks with them; the same job starts again with what lies in its checkpoint folder's place in S3.
 */
import { type Json, type JsonObject, objectOf } from '../json';
import { numberIn } from './run-hosts';

/** Why an attempt ended that will be followed by another one; the reason of its abort signal. */
export class SpotInterruption extends Error {
  override readonly name = 'SpotInterruption';
  constructor() {
    super('the spot capacity was taken back');
  }
}

export const isSpot = (request: JsonObject): boolean => request.EnableManagedSpotTraining === true;

/** From the creation of a job to its end, waiting included; undefined when nobody waits for capacity. */
export function longestWaitSeconds(request: JsonObject): number | undefined {
  if (!isSpot(request)) return undefined;
  return numberIn(objectOf(request.StoppingCondition), 'MaxWaitTimeInSeconds', Number.NaN);
}

/** What AWS demands of spot jobs beside the types of the fields. */
export function spotProblems(request: JsonObject): string[] {
  const { MaxWaitTimeInSeconds: wait, MaxRuntimeInSeconds: runtime } = objectOf(request.StoppingCondition);
  const isNumber = (value: Json): value is number => typeof value === 'number';
  if (!isSpot(request)) {
    return wait === undefined
      ? []
      : [`StoppingCondition.MaxWaitTimeInSeconds: only with EnableManagedSpotTraining, got ${wait}`];
  }
  if (!isNumber(wait))
    return ['StoppingCondition.MaxWaitTimeInSeconds: must be given with EnableManagedSpotTraining'];
  if (isNumber(runtime) && wait < runtime) {
    return [
      `StoppingCondition.MaxWaitTimeInSeconds: must not be below MaxRuntimeInSeconds (${runtime}), got ${wait}`,
    ];
  }
  return [];
}
