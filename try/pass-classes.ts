/** Which classes may pass: as the user says, or by their names. Pure. */
import { InputError } from '../cli/shared/errors';

/** What plants call a part that may pass, in the spelling of class names. */
export const GOOD_NAMES: readonly string[] = [
  ...['good', 'ok', 'okay', 'pass', 'passed', 'normal', 'intact', 'flawless', 'accepted', 'conforming'],
  ...['defect-free', 'defect_free', 'no-defect', 'no_defect', 'non-defective', 'non_defective'],
  ...['gut', 'io', 'i_o', 'i_o_', 'in_ordnung', 'bon', 'bueno', 'buono', 'bom', 'goed', 'ryohin'],
];

export interface PassClasses {
  /** Sorted; at least one, and never all. */
  readonly names: readonly string[];
  /** Why they: for the report. */
  readonly because: string;
}

export interface PassClassesRequest {
  /** Names of the data set's classes, sorted. */
  readonly classes: readonly string[];
  /** Classes that the source calls differently; both spellings are understood. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  /** As the user has named them. @default - told by the classes' names */
  readonly given?: readonly string[] | undefined;
}

const OPTION = '--pass-classes';

function named({ classes, renamed }: PassClassesRequest, given: readonly string[]): PassClasses {
  const names = new Map<string, string>([
    ...renamed.map(({ from, to }) => [from, to] as const),
    ...classes.map((name) => [name, name] as const),
  ]);
  const unknown = given.filter((name) => !names.has(name));
  if (unknown.length > 0) {
    throw new InputError(
      `${OPTION}: must name classes of the data set (${classes.join(', ')}), got ${unknown.map((name) => `'${name}'`).join(', ')}`,
    );
  }
  const passing = [...new Set(given.map((name) => names.get(name) as string))].sort();
  if (passing.length === 0) throw new InputError(`${OPTION}: must name at least one class`);
  if (passing.length === classes.length) {
    throw new InputError(
      `${OPTION}: must leave at least one class that may not pass, or nothing would ever be taken out; the data set has ${classes.join(', ')}`,
    );
  }
  return { names: passing, because: `said by ${OPTION}` };
}

/**
 * What the user says counts. Without a word, the classes that are called as plants call good parts ({@link GOOD_NAMES}); a class
 * that is called so by nobody must be named, because a guess that is wrong lets defects pass.
 * @returns undefined when the names tell nothing and nobody has said anything
 * @throws InputError for names that are no classes, and where every class would pass
 */
export function passClassesOf(request: PassClassesRequest): PassClasses | undefined {
  if (request.given !== undefined) return named(request, request.given);
  const names = request.classes.filter((name) => GOOD_NAMES.includes(name));
  if (names.length === 0 || names.length === request.classes.length) return undefined;
  return { names, because: `called '${names.join("', '")}'` };
}

/** @throws InputError always: what to say */
export function refuseUnsaid({ classes }: PassClassesRequest): never {
  throw new InputError(
    `${OPTION}: none of the classes ${classes.join(', ')} is called as good parts are (${GOOD_NAMES.slice(0, 4).join(', ')}, ...): say which may pass, ${OPTION} ${classes[0]}`,
  );
}
