/** What second opinions came to in a run, by the true classes of the parts. Pure. */
import type { AppConfig } from '../contracts';
import { percentile } from './figures';
import type { Observation } from './observations';
import type { SecondOpinionFigures } from './report/report-data';
import { questionBytes } from './sent-bytes';
import { isDefective } from './verdicts';

type Opinion = NonNullable<Observation['record']['secondOpinion']>;
type Asked = Observation & { readonly record: { readonly secondOpinion: Opinion } };

const isAsked = (observation: Observation): observation is Asked =>
  observation.record.secondOpinion !== undefined;

/** What the device alone would have sent to a person: what no graph could answer is not asked about. */
const isReviewed = ({ record }: Observation): boolean =>
  record.status !== 'invalid' && (record.disposition === 'review' || isAskedRecord(record));
const isAskedRecord = ({ secondOpinion }: Observation['record']): boolean => secondOpinion !== undefined;

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Where the answer was not in time, for whatever reason that the record has. */
const OUTCOMES = {
  answered: 'answered',
  late: 'late',
  unanswered: 'late',
  'over-budget': 'overBudget',
} as const satisfies Partial<Record<Opinion['outcome'], keyof SecondOpinionFigures['outcomes']>>;

function outcomesOf(asked: readonly Asked[]): SecondOpinionFigures['outcomes'] {
  const counts = { answered: 0, late: 0, overBudget: 0, other: 0 };
  for (const { record } of asked) {
    const { outcome } = record.secondOpinion;
    counts[Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome as keyof typeof OUTCOMES] : 'other'] += 1;
  }
  return counts;
}

/** What the answers did to parts that a person would have looked at. */
function decidedOf(asked: readonly Asked[]): SecondOpinionFigures['decided'] {
  const decided = asked.filter(({ record }) => record.secondOpinion.decided);
  const count = (disposition: 'pass' | 'reject', defective: boolean): number =>
    decided.filter(
      (observation) =>
        observation.record.disposition === disposition && isDefective(observation) === defective,
    ).length;
  return {
    goodPassed: count('pass', false),
    goodRejected: count('reject', false),
    defectsPassed: count('pass', true),
    defectsRejected: count('reject', true),
  };
}

/** Shares of right classes among frames for which there is an answer, by the device and by the larger network. */
function rightOf(asked: readonly Asked[]): SecondOpinionFigures['right'] {
  const answered = asked.filter(({ record }) => record.secondOpinion.predictedClass !== undefined);
  const share = (classOf: (record: Asked['record']) => string | undefined) =>
    orNull(answered.filter(({ record, truth }) => classOf(record) === truth.label).length / answered.length);
  return {
    device: share(({ predictedClass }) => predictedClass),
    cloud: share(({ secondOpinion }) => secondOpinion.predictedClass),
  };
}

/**
 * @param usdOf what so many questions of so many bytes each cost in AWS
 */
export function secondOpinionFigures(
  observations: readonly Observation[],
  costs: AppConfig['dispositionPolicy']['costs'],
  usdOf: (questions: number, bytes: number) => number,
): SecondOpinionFigures {
  const asked = observations.filter(isAsked);
  const decided = decidedOf(asked);
  const answered = asked.filter(({ record }) => record.secondOpinion.outcome === 'answered');
  const times = answered.map(({ record }) => record.secondOpinion.milliseconds);
  const bytes = asked.reduce((sum, { truth }) => sum + questionBytes(truth.bytes), 0);
  const saved =
    (decided.goodPassed + decided.goodRejected + decided.defectsPassed + decided.defectsRejected) *
    costs.review;
  const spent = decided.defectsPassed * costs.escape + decided.goodRejected * costs.falseReject;
  return {
    frames: observations.length,
    reviewed: observations.filter(isReviewed).length,
    asked: asked.length,
    outcomes: outcomesOf(asked),
    decided,
    right: rightOf(asked),
    gain: saved - spent,
    millisecondsP50: orNull(percentile(times, 0.5)),
    millisecondsP95: orNull(percentile(times, 0.95)),
    bytes,
    usdPerThousandFrames:
      observations.length === 0
        ? null
        : (1000 * usdOf(asked.length, asked.length === 0 ? 0 : bytes / asked.length)) / observations.length,
  };
}
