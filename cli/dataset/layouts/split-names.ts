/** What tools call the three splits. Pure. */
import { ownValue } from '../../../contracts/own-value';
import type { Split } from '../../../lambda/dataset/split';

const NAMES: Readonly<Record<string, Split>> = {
  train: 'train',
  training: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  dev: 'validation',
  test: 'test',
  testing: 'test',
};

/** The split that a name means by itself, in whatever case: `Train`, `val`. */
export function splitNamed(name: string): Split | undefined {
  return ownValue(NAMES, name.trim().toLowerCase());
}

/** The split that stands as a word in a longer name: `instances_val2017`, `train_annotations`. */
export function splitWithin(name: string): Split | undefined {
  const found = new Set(name.split(/[^A-Za-z]+/).flatMap((word) => splitNamed(word) ?? []));
  return found.size === 1 ? [...found][0] : undefined;
}
