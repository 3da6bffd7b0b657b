/** Rules between the fields of a release's second opinion, which JSON Schema cannot say. Pure. */
import type { Release } from './generated/types';

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
