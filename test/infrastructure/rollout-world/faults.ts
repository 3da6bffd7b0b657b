/** What may go wrong at a call of AWS. */

/**
 * throttled: refused before it acts. lost: it acts, and its answer never comes, so that it is made again. killed-before,
 * killed-after: the function dies there. stopped-before, stopped-after: a person stops the execution there, and its function
 * goes on.
 */
export const FAULTS = [
  'throttled',
  'lost',
  'killed-before',
  'killed-after',
  'stopped-before',
  'stopped-after',
] as const;
export type Fault = (typeof FAULTS)[number];

/** A call of a function. */
export interface Call {
  /** Of all calls of the run, from 0. */
  readonly index: number;
  /** Name of the function, such as `DeployWave`. */
  readonly step: string;
  /** Of its invocation, from 0. */
  readonly place: number;
  readonly command: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export type FaultPlan = (call: Call) => Fault | undefined;

export class KilledFunction extends Error {
  override readonly name = 'Runtime.ExitError';
}

/** As the SDK throws it once its own attempts are used up. */
export const throttling = (): Error =>
  Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $fault: 'client', $metadata: {} });

export const timeout = (): Error => Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
