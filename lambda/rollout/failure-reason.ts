/** Why a release is taken back, in sentences for a person. Pure. */
import { HOPELESS_ERRORS, INNOCENT_WAYS_BACK } from './names';
import type { RolloutState, StepError } from './rollout-state';

/** The message of a failed step; Lambda wraps it in JSON. */
export function messageOf(error: StepError): string {
  try {
    const { errorMessage } = JSON.parse(error.Cause ?? '') as { errorMessage?: unknown };
    if (typeof errorMessage === 'string') return errorMessage;
  } catch {
    // The cause is plain text.
  }
  return [error.Error, error.Cause].filter(Boolean).join(': ') || 'A step failed without a message.';
}

/** Whether another try would end as this one did. */
export const isHopeless = ({ Error: name }: StepError): boolean =>
  HOPELESS_ERRORS.some((hopeless) => hopeless === name);

/** Whether a rollout failed by no fault of its release: a step gave up, too few devices answered, or its execution ended without a person's doing. */
export function isInnocent({ error, request, wayBack }: RolloutState): boolean {
  if (request?.resume) return request.resume.isInnocent === true;
  return INNOCENT_WAYS_BACK.includes(wayBack ?? '') && !(error && isHopeless(error));
}

/** What went wrong with the release itself, before anything was taken back. */
export function failureOf({ error, judgement, check, request }: RolloutState): readonly string[] {
  if (request?.resume) return [request.resume.because];
  if (error) return [`A step failed: ${messageOf(error)}`];
  if (judgement?.verdict === 'ROLL_BACK') return judgement.reasons;
  if (check?.status === 'FAILED') return check.reasons;
  return ['The rollout was stopped without a reason.'];
}

/** What a person must know about the roll-back: nothing, when every device is back. */
function aftermath({ rollback, check }: RolloutState): string[] {
  const problems: string[] = [];
  if (rollback?.outcome === 'NO_PREVIOUS_RELEASE') {
    problems.push('There is no previous release to go back to: the devices keep what they run.');
  }
  if (rollback?.outcome === 'DEPLOYED' && check?.status === 'FAILED') {
    problems.push('Not every device is back; set aside:', ...check.reasons);
  }
  return problems;
}

/** The whole story, shortest first: what failed, how the roll-back went, what else is worth knowing. */
export function rollbackStory(state: RolloutState): string {
  return [...(state.rollback?.because ?? failureOf(state)), ...aftermath(state), ...state.notes].join(' ');
}
