/** What passes of frames whose class is known, where a person sees a given share of the good ones. Pure. */

/** The true class, the predicted one, and the probability of `good`. */
export type Answer = readonly [label: string, predictedClass: string, good: number];

const GOOD = 'good';

export const accuracyOf = (answers: readonly Answer[]): number =>
  answers.filter(([label, predictedClass]) => label === predictedClass).length / answers.length;

/**
 * Share of the defective parts that pass where the threshold of `good` lets so many good ones pass as a person's time
 * allows. Trainings are compared by it because they are sure of different things: at one threshold for both, the one
 * that sends everything to people would be the better one.
 *
 * @param reviewed share of the good parts that do not pass, 0..1
 * @throws RangeError when there is no good or no defective part
 */
export function passingDefects(answers: readonly Answer[], reviewed: number): number {
  const sureness = ([, predictedClass, good]: Answer): number => (predictedClass === GOOD ? good : 0);
  const goods = answers
    .filter(([label]) => label === GOOD)
    .map(sureness)
    .sort((x, y) => x - y);
  const defects = answers.filter(([label]) => label !== GOOD).map(sureness);
  const threshold = goods[Math.floor(reviewed * goods.length)];
  if (threshold === undefined || defects.length === 0) {
    throw new RangeError(
      `answers: must be of good and of defective parts, got ${goods.length} and ${defects.length}`,
    );
  }
  return defects.filter((sure) => sure > 0 && sure >= threshold).length / defects.length;
}
