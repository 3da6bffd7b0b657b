/** Second opinions: rules between fields of a release that JSON Schema cannot say, and what a classifier answers. Pure. */
import type { Disposition, Release } from './generated/types';

/** Problems of what a release says of its larger network; none for a release that has none. */
export function secondOpinionProblems({
  classes,
  files,
  secondOpinion,
}: Pick<Release, 'classes' | 'files' | 'secondOpinion'>): string[] {
  if (!secondOpinion) return [];
  const { thresholds, model } = secondOpinion;
  return [
    ...classes
      .filter((name) => !Object.hasOwn(thresholds, name))
      .map((name) => `secondOpinion.thresholds: none for class '${name}'`),
    ...Object.keys(thresholds)
      .filter((name) => !classes.includes(name))
      .map((name) => `secondOpinion.thresholds: '${name}' is no class`),
    // Devices download what is in files.
    ...(files.some(({ name }) => name === model.name)
      ? [`secondOpinion.model: '${model.name}' must not be among files`]
      : []),
  ];
}

/** What the larger network says of a frame; or why it says nothing. */
export type Classified =
  | {
      /** In class order, each 0..1. */
      readonly probabilities: number[];
      readonly status: 'ok' | 'uncertain';
      readonly predictedClass: string;
      readonly confidence: number;
      readonly disposition: Disposition;
      readonly inferenceMilliseconds: number;
    }
  | { readonly kind: 'unreadable' | 'failed'; readonly problem: string };
