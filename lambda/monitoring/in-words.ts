/** Assessments, causes and harm as people read them: in the status, and in reports. Sentences. Pure. */
import type { Assessment } from './assess-release';
import type { Evidence } from './episode';
import type { Harm } from './estimate-harm';
import type { Cause } from './name-cause';
import { EMBEDDING_FEATURE } from './names';

const percent = (share: number): string => `${points(share)} %`;
const points = (share: number): string => (100 * share).toFixed(1);
const index = (value: number): string => value.toFixed(2);
const count = (value: number): string => value.toLocaleString('en-US');

function driftInWords({
  feature,
  predictedClass,
  value,
  limit,
}: Extract<Assessment, { kind: 'DRIFT' }>): string {
  const numbers = `${index(value)}, limit ${index(limit)}`;
  if (predictedClass !== undefined) {
    return `What is called '${predictedClass}' lies elsewhere than what was validated as that: squared shift ${numbers}.`;
  }
  return feature === EMBEDDING_FEATURE
    ? `What the classifier reads has moved away from where it was validated: squared shift ${numbers}.`
    : `The distribution of ${feature} has moved away from the release's baseline: stability index ${numbers}.`;
}

export function assessmentInWords(assessment: Assessment): string {
  switch (assessment.kind) {
    case 'DRIFT':
      return driftInWords(assessment);
    case 'ACCURACY_LOW':
      return `Accuracy by labels is ${percent(assessment.value)} (between ${percent(assessment.lower)} and ${percent(assessment.upper)}); the release promised at least ${percent(assessment.limit)}.`;
    case 'NO_DATA':
      return assessment.embeddings === undefined
        ? `Too few results to decide: ${count(assessment.results)} of at least ${count(assessment.minimumResults)}.`
        : `Too few embeddings to decide: ${count(assessment.embeddings)} of at least ${count(assessment.minimumEmbeddings ?? assessment.minimumResults)}.`;
    case 'SETTLING':
      return `The release answers drift and settles: ${count(assessment.results)} of ${count(assessment.neededResults)} results that it is compared with from then on.`;
    case 'HEALTHY':
      return 'Healthy.';
  }
}

/** What has changed, and where to look. */
export function causeInWords(cause: Cause): string {
  switch (cause.kind) {
    case 'camera':
      return `Only ${cause.devices.join(', ')} ${cause.devices.length === 1 ? 'deviates' : 'deviate'}: look at lens, lamp and mount there.`;
    case 'line':
      return `The ${cause.feature} of images has moved on the whole line (index ${index(cause.value)}, limit ${index(cause.limit)}): look at light and optics.`;
    case 'new-thing':
      return `The images look as before, and what the classifier reads does not: a defect, a material or a product that it was not shown. Label captures${cause.predictedClass === undefined ? '' : ` of what is called '${cause.predictedClass}'`}.`;
    case 'yield':
      return `Only the mix of classes has moved (index ${index(cause.value)}, limit ${index(cause.limit)}): the yield, or other parts. That is no drift.`;
  }
}

/** What it costs. */
export function harmInWords(harm: Harm): string {
  switch (harm.by) {
    case 'labels': {
      const { value, lower, upper } = harm.drop;
      return `By labels ${points(value)} points of accuracy are lost (between ${points(lower)} and ${points(upper)}).`;
    }
    case 'confidence':
      return `By the confidence the accuracy is about ${percent(harm.accuracy)}, ${points(harm.drop)} points less than tested, if nothing is among the parts that the release was not shown.`;
    case 'nothing':
      return `What it costs is not known: ${harm.reason}.`;
  }
}

/** Evidence of an older monitor has no cause and no harm. */
export const evidenceInWords = ({ assessment, cause, harm }: Evidence): string[] => [
  assessmentInWords(assessment),
  ...(cause ? [causeInWords(cause)] : []),
  ...(harm ? [harmInWords(harm)] : []),
];
