/**
 * The life of an offered release, as one table. The installer (application of this table: `releases/release-installer.ts`)
 * runs the steps in this order and nowhere else; the matrix of errors and kills walks it. What comes before OFFERED, the
 * download, is the nucleus's: it brings the files into the artifact folder and retries until they are complete.
 *
 * Whatever happens, the release in service keeps serving until SWITCHED, and after a kill the release that
 * `current.json` names is complete and verified.
 */
import type { ReleaseVerdict } from '../../../../contracts';

export type ReleaseState =
  | 'OFFERED'
  | 'VERIFIED'
  | 'STAGED'
  | 'LOADED'
  | 'SELF_TESTED'
  | 'CHALLENGED'
  | 'WARM'
  | 'SWITCHED'
  | 'COMMITTED'
  | 'CLEANED_UP';

export type ReleaseAction =
  | 'verify'
  | 'stage'
  | 'load'
  | 'selfTest'
  | 'challenge'
  | 'warmUp'
  | 'switch'
  | 'commit'
  | 'cleanUp';

export type VerdictCode = ReleaseVerdict['code'];
export type RefusalCode = Exclude<VerdictCode, 'ACCEPTED' | 'ALREADY_IN_SERVICE'>;
/** Why a release is remembered: it was refused, or it was taken out of service because it ended its process. */
export type RecordedCode = RefusalCode | 'ENDED_ITS_PROCESS';

export interface ReleaseTransition {
  readonly from: ReleaseState;
  readonly action: ReleaseAction;
  readonly to: ReleaseState;
  /** What an unexpected failure of the action is reported as; a refusal carries its own code. */
  readonly onError: RefusalCode | 'ACCEPTED';
  /** What the installer undoes when the action fails. */
  readonly undo: 'nothing' | 'stagedFolder' | 'loadedModels' | 'switch';
  /** Which release serves at the start after a kill during the action. */
  readonly servesAfterKill: 'old' | 'either' | 'new';
  /** What a kill during the action leaves on disk. */
  readonly afterKill: string;
}

export const RELEASE_TRANSITIONS: readonly ReleaseTransition[] = [
  {
    from: 'OFFERED',
    action: 'verify',
    to: 'VERIFIED',
    onError: 'INTERNAL_ERROR',
    undo: 'nothing',
    servesAfterKill: 'old',
    afterKill: 'the unanswered offer, taken again at the next start',
  },
  {
    from: 'VERIFIED',
    action: 'stage',
    to: 'STAGED',
    onError: 'INTERNAL_ERROR',
    undo: 'stagedFolder',
    servesAfterKill: 'old',
    afterKill: 'a temporary folder, deleted at the next start; the offer is taken again',
  },
  {
    from: 'STAGED',
    action: 'load',
    to: 'LOADED',
    onError: 'LOAD_FAILED',
    undo: 'loadedModels',
    servesAfterKill: 'old',
    afterKill: 'a complete folder that current.json does not name, deleted at the next start',
  },
  {
    from: 'LOADED',
    action: 'selfTest',
    to: 'SELF_TESTED',
    onError: 'LOAD_FAILED',
    undo: 'loadedModels',
    servesAfterKill: 'old',
    afterKill: 'a complete folder that current.json does not name, deleted at the next start',
  },
  {
    from: 'SELF_TESTED',
    action: 'challenge',
    to: 'CHALLENGED',
    onError: 'LOAD_FAILED',
    undo: 'loadedModels',
    servesAfterKill: 'old',
    afterKill: 'a complete folder that current.json does not name, deleted at the next start',
  },
  {
    from: 'CHALLENGED',
    action: 'warmUp',
    to: 'WARM',
    onError: 'LOAD_FAILED',
    undo: 'loadedModels',
    servesAfterKill: 'old',
    afterKill: 'a complete folder that current.json does not name, deleted at the next start',
  },
  {
    from: 'WARM',
    action: 'switch',
    to: 'SWITCHED',
    onError: 'INTERNAL_ERROR',
    undo: 'switch',
    servesAfterKill: 'old',
    afterKill:
      'current.json names the release before, which serves at the next start; the offer is taken again',
  },
  {
    from: 'SWITCHED',
    action: 'commit',
    to: 'COMMITTED',
    onError: 'INTERNAL_ERROR',
    undo: 'switch',
    servesAfterKill: 'either',
    afterKill:
      'current.json names the old or the new release, both complete; the offer is taken again or is already in service',
  },
  {
    from: 'COMMITTED',
    action: 'cleanUp',
    to: 'CLEANED_UP',
    // The new release is in service; folders that could not be deleted are tried again at the next start.
    onError: 'ACCEPTED',
    undo: 'nothing',
    servesAfterKill: 'new',
    afterKill: 'folders of releases that nothing names, deleted at the next start',
  },
];

/**
 * Refusals that are properties of the signed bytes and expensive or dangerous to find out again. Their envelope is
 * remembered and answered with QUARANTINED. Everything else may be cured (clock, disk, key, copy of a file, frames of a
 * challenge) and is cheap to check again.
 */
export const QUARANTINING_CODES: ReadonlySet<RecordedCode> = new Set<RecordedCode>([
  'ENDED_ITS_PROCESS',
  'GRAPH_REFUSED',
  'LOAD_FAILED',
  'OUTPUT_CONTRACT',
  'GOLDEN_SAMPLE_MISMATCH',
]);

/** A release is refused, with the code of the contract. Its message is the verdict's message. */
export class ReleaseRefusal extends Error {
  override readonly name = 'ReleaseRefusal';
  constructor(
    readonly code: RefusalCode,
    message: string,
    /** Something from outside came between: tried again, the same release may be accepted. */
    readonly isInterruption = false,
  ) {
    super(message);
  }
}
