/** Rules between what a release says of the further outputs of its graphs and its other fields, which JSON Schema cannot say. Pure. */
import type { Embedding, Release } from './generated/types';
import { ownValue } from './own-value';

export type WithFurtherOutputs = Pick<
  Release,
  'classes' | 'input' | 'variants' | 'goldenSamples' | 'novelty' | 'embedding'
>;

/** Problems of a release's further outputs; none for a release that has no such output. */
export function furtherOutputProblems({
  classes,
  input,
  variants,
  goldenSamples,
  novelty,
  embedding,
}: WithFurtherOutputs): string[] {
  const names = variants.map(({ name }) => name);
  const outputs = [input.outputName, novelty?.outputName, embedding?.outputName];
  const repeated = outputs.filter((name, index) => name !== undefined && outputs.indexOf(name) !== index);
  return [
    ...[...new Set(repeated)].map((name) => `outputs: '${name}' has two meanings`),
    ...(novelty ? oncePerVariant('novelty.limits', Object.keys(novelty.limits), names) : []),
    ...goldenSamples.flatMap(({ file, novelty: scores }) => {
      if (!novelty)
        return scores ? [`goldenSamples: '${file}' has scores of novelty, the release has none`] : [];
      return names
        .filter((name) => scores === undefined || ownValue(scores, name) === undefined)
        .map((name) => `goldenSamples: '${file}' has no score of novelty of variant '${name}'`);
    }),
    ...(embedding ? referenceProblems(embedding, classes) : []),
  ];
}

function referenceProblems({ size, reference = {} }: Embedding, classes: readonly string[]): string[] {
  return Object.entries(reference).flatMap(([name, { mean }]) => [
    ...(classes.includes(name) ? [] : [`embedding.reference: '${name}' is no class`]),
    ...(mean.length === size
      ? []
      : [`embedding.reference: '${name}' has ${mean.length} numbers, an embedding has ${size}`]),
  ]);
}

function oncePerVariant(field: string, found: readonly string[], variants: readonly string[]): string[] {
  return [
    ...variants.filter((name) => !found.includes(name)).map((name) => `${field}: none for variant '${name}'`),
    ...found.filter((name) => !variants.includes(name)).map((name) => `${field}: '${name}' is no variant`),
  ];
}
