/** Which split each item comes into: as its source says, by a hash of its group, or divided evenly by class. Pure. */
import { hashShare, SPLITS, type Split, splitOf } from '../../lambda/dataset/split';

/**
 * `given`: as the source says; `hash`: by the group's id, which the gate does by itself; `stratified`: each class in its
 * shares, and in every split if it can be.
 */
export const SPLITTINGS = ['given', 'hash', 'stratified'] as const;
export type Splitting = (typeof SPLITTINGS)[number];

export interface SplittableItem {
  readonly groupId: string;
  readonly label: string;
  /** What the source says. */
  readonly split?: Split | undefined;
}

export interface SplitPlace {
  readonly split: Split;
  /** Whether the manifest has to say it: the gate knows only the hash. */
  readonly given: boolean;
}

export interface Division {
  /** In the order of the items. */
  readonly places: readonly SplitPlace[];
  readonly notes: readonly string[];
}

type Shares = Partial<Readonly<Record<Split, number>>>;

/** Those of the hash (lambda/dataset/split.ts). */
const SHARES: Required<Shares> = { train: 0.7, validation: 0.15, test: 0.15 };
/** What is held out of train, so that validation is to train as it is with the hash. */
const HELD_OUT: Shares = { train: 0.7 / 0.85, validation: 0.15 / 0.85 };

/** The classes that a group shows, by group. */
function labelsByGroup(items: readonly SplittableItem[]): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>();
  for (const { groupId, label } of items) {
    const labels = groups.get(groupId);
    if (labels) labels.add(label);
    else groups.set(groupId, new Set([label]));
  }
  return groups;
}

/** How many of `count` groups a split gets: at least one where the shares allow it, and what is left is trained on. */
function wanted(shares: Shares, count: number): Map<Split, number> {
  const held = SPLITS.filter((split) => split !== 'train' && shares[split] !== undefined).map(
    (split): [Split, number] => [split, Math.max(1, Math.round((shares[split] ?? 0) * count))],
  );
  const rest = count - held.reduce((sum, [, number]) => sum + number, 0);
  return new Map([['train', Math.max(0, rest)], ...held]);
}

/**
 * Divides groups so that each class has its shares, the rarest class first, since a group may show several. Who comes
 * where is decided by a hash of seed and group: the same in every run, and as good as random.
 */
export function stratify(
  groups: ReadonlyMap<string, ReadonlySet<string>>,
  shares: Shares,
  seed: number,
): ReadonlyMap<string, Split> {
  const byLabel = new Map<string, string[]>();
  for (const [groupId, labels] of groups) {
    for (const label of labels) {
      const members = byLabel.get(label);
      if (members) members.push(groupId);
      else byLabel.set(label, [groupId]);
    }
  }
  const rarestFirst = [...byLabel].sort(
    ([left, ofLeft], [right, ofRight]) => ofLeft.length - ofRight.length || (left < right ? -1 : 1),
  );
  const places = new Map<string, Split>();
  for (const [, members] of rarestFirst) {
    const missing = wanted(shares, members.length);
    for (const groupId of members) {
      const split = places.get(groupId);
      if (split !== undefined) missing.set(split, (missing.get(split) ?? 0) - 1);
    }
    const order = members
      .filter((groupId) => !places.has(groupId))
      .map((groupId): [string, number] => [groupId, hashShare(`${seed}:${groupId}`)])
      .sort(([left, atLeft], [right, atRight]) => atLeft - atRight || (left < right ? -1 : 1));
    for (const [groupId] of order) {
      const [split] = [...missing].reduce((most, next) => (next[1] > most[1] ? next : most));
      places.set(groupId, split);
      missing.set(split, (missing.get(split) ?? 0) - 1);
    }
  }
  return places;
}

/** Of the splits that a group is given, the one that does least harm: what is tested on must not be trained on. */
const STRICTEST_FIRST: readonly Split[] = ['test', 'validation', 'train'];

function givenByGroup(items: readonly SplittableItem[]): Map<string, Split> {
  const groups = new Map<string, Split>();
  for (const { groupId, split } of items) {
    const before = groups.get(groupId);
    const [strictest] = STRICTEST_FIRST.filter((name) => name === split || name === before);
    if (strictest !== undefined) groups.set(groupId, strictest);
  }
  return groups;
}

/** Groups that the source itself has put into several splits, as the user must hear. */
export function splitConflicts(items: readonly SplittableItem[]): string[] {
  const groups = new Map<string, Set<Split>>();
  for (const { groupId, split } of items) {
    if (split === undefined) continue;
    const found = groups.get(groupId);
    if (found) found.add(split);
    else groups.set(groupId, new Set([split]));
  }
  const torn = [...groups].filter(([, splits]) => splits.size > 1);
  const [[name, splits] = ['', new Set<Split>()]] = torn;
  if (torn.length === 0) return [];
  const rest = torn.length > 1 ? ` and ${torn.length - 1} more groups` : '';
  return [
    `the source puts views of one part into several splits: '${name}' into ${[...splits].join(' and ')}${rest}; divide anew with --split stratified`,
  ];
}

function divideAsGiven(items: readonly SplittableItem[], seed: number): Division {
  const given = givenByGroup(items);
  const used = new Set(given.values());
  const notes: string[] = [];
  if (used.has('train') && used.has('test') && !used.has('validation')) {
    const trained = new Map([...labelsByGroup(items)].filter(([groupId]) => given.get(groupId) === 'train'));
    const held = stratify(trained, HELD_OUT, seed);
    for (const [groupId, split] of held) given.set(groupId, split);
    const count = [...held.values()].filter((split) => split === 'validation').length;
    notes.push(
      `the source has no validation split: ${count} of ${held.size} groups of train are held out for it`,
    );
  }
  return {
    places: items.map(({ groupId }) => {
      const split = given.get(groupId);
      return split === undefined ? { split: splitOf(groupId), given: false } : { split, given: true };
    }),
    notes,
  };
}

/** @param seed only of what is divided evenly; another one is another division */
export function assignSplits(items: readonly SplittableItem[], splitting: Splitting, seed: number): Division {
  if (splitting === 'given') return divideAsGiven(items, seed);
  if (splitting === 'hash') {
    return { places: items.map(({ groupId }) => ({ split: splitOf(groupId), given: false })), notes: [] };
  }
  const places = stratify(labelsByGroup(items), SHARES, seed);
  return {
    places: items.map(({ groupId }) => ({ split: places.get(groupId) ?? splitOf(groupId), given: true })),
    notes: [],
  };
}
