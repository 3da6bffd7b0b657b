/** Puts duplicates into one group, so that they cannot come into different splits. Pure. */
import { UnionFind } from './union-find';

interface Grouped {
  readonly id: string;
  readonly groupId: string;
  readonly capturedAt: string;
}

/** The group of the earliest photograph: a dataset that grows then keeps its groups, and so its splits. */
function eldest(items: readonly Grouped[]): string {
  const [first] = [...items].sort(
    (left, right) =>
      Date.parse(left.capturedAt) - Date.parse(right.capturedAt) || (left.groupId < right.groupId ? -1 : 1),
  );
  return first?.groupId ?? '';
}

/**
 * Joins the groups that a cluster of duplicates connects. Whole groups move, so views of one part stay together.
 * @param clusters indices of items
 * @returns the group of each item, in the order of the items
 */
export function groupDuplicates(
  items: readonly Grouped[],
  clusters: readonly (readonly number[])[],
): readonly string[] {
  const sets = new UnionFind(items.length);
  const firstOfGroup = new Map<string, number>();
  for (const [index, { groupId }] of items.entries()) {
    const first = firstOfGroup.get(groupId);
    if (first === undefined) firstOfGroup.set(groupId, index);
    else sets.join(first, index);
  }
  for (const [first = 0, ...others] of clusters) for (const other of others) sets.join(first, other);
  const groups = items.map(({ groupId }) => groupId);
  for (const members of sets.clusters()) {
    const groupId = eldest(members.flatMap((member) => items[member] ?? []));
    for (const member of members) groups[member] = groupId;
  }
  return groups;
}
