import {
  ContractError,
  parseContractJson,
  type Release,
  type SecondOpinion,
  type SecondOpinionAnswer,
  type SecondOpinionRefusal,
} from '../../../../contracts';
import { dispositionOf } from '../inspection/disposition';
import { type Decision, decide } from '../models/decision';

/** A certain or uncertain class, as this device comes to it. */
export type OpinionDecision = Exclude<Decision, { readonly status: 'invalid' }>;

export type Answer =
  | { readonly decision: OpinionDecision; readonly opinion: SecondOpinion }
  | { readonly refusal: SecondOpinionRefusal };

/** What this device may hear an answer to. */
export interface Addressee {
  readonly deviceId: string;
  readonly useCase: string;
}

/** @throws ContractError when it is no answer, or none to a question of this device */
export function parseAnswer(payload: Buffer, { deviceId, useCase }: Addressee): SecondOpinionAnswer {
  const answer = parseContractJson('second-opinion-answer', payload.toString(), 'answer');
  if (answer.deviceId !== deviceId || answer.useCase !== useCase) {
    const problem = `deviceId, useCase: it is for ${answer.useCase} of ${answer.deviceId}`;
    throw new ContractError('second-opinion-answer', 'answer', [problem]);
  }
  return answer;
}

/**
 * What the answer says of a frame that `release` decided. The device comes to class and disposition itself, by the
 * thresholds and the policy whose signature it has verified: an answer of another network, of other thresholds, or one
 * that contradicts itself, is none.
 * @throws Error with everything that is wrong with it
 */
export function readAnswer({ releaseId, opinion, refusal }: SecondOpinionAnswer, release: Release): Answer {
  const { secondOpinion } = release;
  if (releaseId !== release.releaseId) throw new Error(`it is about release ${releaseId}`);
  if (refusal) return { refusal };
  if (!opinion || !secondOpinion) throw new Error('it has no opinion, or the release has no second one');
  if (opinion.modelSha256 !== secondOpinion.model.sha256) {
    throw new Error(
      `it is of network ${opinion.modelSha256}, the release signs ${secondOpinion.model.sha256}`,
    );
  }
  const decision = decide(opinion.probabilities, { ...release, thresholds: secondOpinion.thresholds });
  if (decision.status === 'invalid') throw new Error(decision.reason);
  const own = { ...decision, disposition: dispositionOf(decision, false, release) };
  for (const field of ['status', 'predictedClass', 'confidence', 'disposition'] as const) {
    if (opinion[field] !== own[field]) {
      throw new Error(`${field}: its probabilities say ${own[field]}, it says ${opinion[field]}`);
    }
  }
  return { decision, opinion };
}
