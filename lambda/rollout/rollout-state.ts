/** The document that an execution of the rollout hands from step to step. */
import { releaseIdOf } from '../registry/names';
import { InvalidInputError } from '../shared/errors';
import type { Judgement } from './judge-wave/judge';
import { isResumption, type Resumption, type WaveSettings, type WayBack } from './names';
import type { Absence } from './next-attempt';

/** A wave to which something was deployed. */
export interface DeployedWave {
  readonly name: string;
  readonly thingGroupName: string;
  readonly thingGroupArn: string;
  readonly installTimeoutSeconds: number;
  readonly deploymentId: string;
  /** ISO timestamp. */
  readonly deployedAt: string;
  /** What the wave ran before; absent on a wave's first release. */
  readonly previousCounter?: number;
  /** ISO timestamp of the first look that found enough devices on the release. */
  readonly readyAt?: string;
  /** Devices that were away then, or could not take it: the wave goes on without them. */
  readonly setAside?: readonly string[];
}

/** Result of one look at the devices. */
export interface WaveCheck {
  readonly status: 'PENDING' | 'READY' | 'FAILED';
  /** Sentences, at most a few, that say who is missing or has failed, and why. */
  readonly reasons: readonly string[];
  readonly devices: number;
  readonly ready: number;
  /** Of a roll-back: every device that does not run what it was to go back to, by name. */
  readonly missing?: readonly string[];
  /** When READY without them: devices that are away or cannot take the release. */
  readonly setAside?: readonly string[];
  /** When FAILED by the silence of devices alone, which says nothing of the release. */
  readonly absence?: Absence;
}

export interface RolloutPlan {
  /**
   * BUSY: another rollout of the use case runs, and this one's turn comes when it ends; NOTHING_TO_DO: `reason` says why;
   * COMPLETE, TAKE_BACK: what another execution left is to be finished.
   */
  readonly outcome: 'START' | 'BUSY' | 'NOTHING_TO_DO' | Resumption;
  readonly reason?: string;
  readonly componentName: string;
  readonly componentVersion: string;
  readonly waves: readonly WaveSettings[];
  /** The release in service everywhere. */
  readonly championCounter?: number;
}

export interface RollbackState {
  /** NO_PREVIOUS_RELEASE: the first release ever cannot be taken back. */
  readonly outcome: 'DEPLOYED' | 'NOTHING_DEPLOYED' | 'NO_PREVIOUS_RELEASE';
  /** Counter of the new release with the old files. */
  readonly counter?: number;
  readonly releaseId?: string;
  readonly waves: readonly DeployedWave[];
  /** Whether these are all waves that there are. */
  readonly everywhere?: boolean;
  /** What was wrong with the release: the check that follows is about the rollback release. */
  readonly because: readonly string[];
}

/** What Step Functions says of a failed step. */
export interface StepError {
  readonly Error?: string;
  readonly Cause?: string;
}

/** What an execution is started with, beside its release. */
export interface RolloutRequest {
  readonly resume?: {
    readonly to: Resumption;
    /** The execution that left it; absent where none holds the use case. */
    readonly after?: string;
    /** A sentence for a person. */
    readonly because: string;
    /** Whether the release had no part in it, and deserves another try. */
    readonly isInnocent?: boolean;
  };
}

export interface RolloutState {
  readonly useCase: string;
  readonly counter: number;
  readonly releaseId: string;
  readonly executionArn: string;
  readonly request?: RolloutRequest;
  /** Index of the current wave in `plan.waves`. */
  readonly waveIndex: number;
  readonly moreWaves?: boolean;
  /** Of the current wave, for the state machine's wait. */
  readonly bakeSeconds?: number;
  readonly waves: readonly DeployedWave[];
  /** What a person should know beside the verdicts. */
  readonly notes: readonly string[];
  readonly plan?: RolloutPlan;
  readonly deployment?: { readonly outcome: 'DEPLOYED' | 'NO_DEVICES' };
  readonly check?: WaveCheck;
  readonly judgement?: Judgement;
  readonly rollback?: RollbackState;
  readonly error?: StepError;
  /** Why it is taken back, once it is. */
  readonly wayBack?: WayBack;
}

/** @throws InvalidInputError when the rollout has not been planned */
export function planOf(state: RolloutState): RolloutPlan {
  if (!state.plan) throw new InvalidInputError('plan: must be there: the rollout has not been planned');
  return state.plan;
}

/** @throws InvalidInputError when there is no such wave */
export function currentWave(state: RolloutState): WaveSettings {
  const { waves } = planOf(state);
  const wave = waves[state.waveIndex];
  if (!wave) throw new InvalidInputError(`waveIndex: must be below ${waves.length}, got ${state.waveIndex}`);
  return wave;
}

/** The wave that was deployed to last. @throws InvalidInputError when there is none */
export function lastDeployedWave(state: RolloutState): DeployedWave {
  const wave = state.waves.at(-1);
  if (!wave) throw new InvalidInputError('waves: must not be empty: nothing has been deployed');
  return wave;
}

/** The state from which the machine goes to the next wave, or to the end. */
export function withNextWave(state: RolloutState): RolloutState {
  const waveIndex = state.waveIndex + 1;
  return { ...state, waveIndex, moreWaves: waveIndex < planOf(state).waves.length };
}

/**
 * Checks what every step relies on.
 * @throws InvalidInputError with every problem
 */
export function parseState(value: unknown): RolloutState {
  const state = (value ?? {}) as Partial<RolloutState>;
  const problems: string[] = [];
  const need = (field: keyof RolloutState, fits: boolean, rule: string) => {
    if (!fits) problems.push(`${field}: ${rule}, got ${JSON.stringify(state[field])}`);
  };
  need('useCase', typeof state.useCase === 'string', 'must be a string');
  need('counter', Number.isInteger(state.counter) && Number(state.counter) > 0, 'must be a positive integer');
  need(
    'releaseId',
    state.releaseId === releaseIdOf(String(state.useCase), Number(state.counter)),
    'must be <useCase>-<counter>',
  );
  need('executionArn', /^arn:[^:]+:states:/.test(String(state.executionArn)), 'must be an execution ARN');
  need('waveIndex', Number.isInteger(state.waveIndex), 'must be an integer');
  need('waves', Array.isArray(state.waves), 'must be a list');
  const to = state.request?.resume?.to;
  if (to !== undefined && !isResumption(to)) {
    problems.push(`request.resume.to: must be COMPLETE or TAKE_BACK, got ${JSON.stringify(to)}`);
  }
  need('notes', Array.isArray(state.notes), 'must be a list');
  if (problems.length > 0) throw new InvalidInputError(`rollout state refused:\n${problems.join('\n')}`);
  return state as RolloutState;
}
