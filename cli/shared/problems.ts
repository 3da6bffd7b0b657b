/** The same problem in many places is one problem: said once, with how often and where. Pure. */

export interface Problem {
  /** `line 7`, `good/a.jpg`; empty for the whole. */
  readonly place: string;
  /** The rule that is broken, and what to do: the same words in every place. */
  readonly problem: string;
  /** What was found there. */
  readonly value?: string;
}

const PLACES_SHOWN = 3;

/** Values of contracts come quoted. */
function shownValue({ value = '' }: Problem): string {
  return value.startsWith('"') ? value : `'${value}'`;
}

/** A problem where it stands alone. */
function single(problem: Problem): string {
  const { place, problem: text, value } = problem;
  return `${place === '' ? '' : `${place}: `}${text}${value === undefined ? '' : `, got ${shownValue(problem)}`}`;
}

const placeOf = (problem: Problem): string =>
  problem.value === undefined ? problem.place : `${problem.place} ${shownValue(problem)}`;

/** One sentence per problem, in the order in which they first came; a single one names its place first. */
export function countedProblems(problems: readonly Problem[]): string[] {
  const same = new Map<string, Problem[]>();
  for (const problem of problems) {
    const found = same.get(problem.problem);
    if (found) found.push(problem);
    else same.set(problem.problem, [problem]);
  }
  return [...same].map(([text, found]) => {
    if (found.length === 1) return found.map(single).join();
    const shown = found.slice(0, PLACES_SHOWN).map(placeOf);
    const rest = found.length - PLACES_SHOWN;
    return `${text} (${found.length} times: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''})`;
  });
}
