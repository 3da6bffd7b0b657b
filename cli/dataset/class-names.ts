/** From what folders and tables call a class to a name that everybody downstream takes. Pure. */
import { problemsOf } from '../../contracts';
import { InputError } from '../shared/errors';

export interface ClassNames {
  /** Name of the class by what the source calls it. */
  readonly names: ReadonlyMap<string, string>;
  /** Those that are called differently now, in the order of the source. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  readonly problems: readonly string[];
}

const composed = (name: string): string => name.trim().normalize('NFC');

/** Whether the contract takes it: lower-case letters, digits, `_` and `-`, at most 40. */
export const isClassName = (name: string): boolean =>
  !problemsOf('dataset-item', { label: name }).some((problem) => problem.startsWith('label:'));

/** The nearest name that is allowed: `Defect A` is `defect_a`, `Öse` is `ose`. `undefined` when none suggests itself. */
export function nearestClassName(name: string): string | undefined {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .trim()
    .replaceAll(/[\s.,/+&]+/g, '_')
    .replace(/^[_-]+/, '');
  return isClassName(plain) ? plain : undefined;
}

/** Names that would become one without anybody having said that they are one. */
function collisions(names: ReadonlyMap<string, string>, mapped: ReadonlySet<string>): string[] {
  const byName = new Map<string, string[]>();
  for (const [from, to] of names) {
    if (!mapped.has(from)) byName.set(to, [...(byName.get(to) ?? []), from]);
  }
  return [...byName].flatMap(([to, from]) =>
    from.length === 1
      ? []
      : [
          `classes ${from.map((name) => `'${name}'`).join(' and ')} would both be '${to}': if they are one, say so by ${from
            .filter((name) => name !== to)
            .map((name) => `--map '${name}=${to}'`)
            .join(' ')}; else give one another name by --map`,
        ],
  );
}

/**
 * @param labels as the source has them, in any order
 * @param map from names of the source to names of classes, said by the operator; several may become one
 */
export function classNames(labels: Iterable<string>, map: ReadonlyMap<string, string>): ClassNames {
  const found = [...new Set(labels)].sort();
  const said = new Map([...map].map(([from, to]) => [composed(from), to]));
  const unused = [...said.keys()].filter((from) => !found.some((name) => composed(name) === from));
  const problems = unused.map(
    (from) => `--map: there is no class '${from}', but ${found.map((name) => `'${name}'`).join(', ')}`,
  );
  const names = new Map<string, string>();
  const mapped = new Set<string>();
  for (const name of found) {
    const to = said.get(composed(name));
    if (to !== undefined) mapped.add(name);
    const taken = to ?? (isClassName(name) ? name : nearestClassName(name));
    if (taken === undefined) {
      problems.push(
        `class '${name}': a class is called by lower-case letters, digits, _ and -, at most 40: say by --map '${name}=<name>' which it is`,
      );
    } else names.set(name, taken);
  }
  problems.push(...collisions(names, mapped));
  const renamed = [...names].flatMap(([from, to]) => (from === to ? [] : [{ from, to }]));
  return { names, renamed, problems };
}

/**
 * One `--map` option.
 * @throws InputError when it is no `from=to`, or `to` is not allowed as a class
 */
export function parseClassMapping(text: string, subject = '--map'): [from: string, to: string] {
  const at = text.lastIndexOf('=');
  const [from, to] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at < 1 || from === '')
    throw new InputError(`${subject}: must be <name in the source>=<class>, got '${text}'`);
  if (!isClassName(to)) {
    throw new InputError(
      `${subject}: a class is called by lower-case letters, digits, _ and -, at most 40, got '${to}'`,
    );
  }
  return [from, to];
}
