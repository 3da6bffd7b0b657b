/** Sets that only ever grow together: union-find with path halving and union by size. */
export class UnionFind {
  private readonly parents: Uint32Array;
  private readonly sizes: Uint32Array;

  /** @param size members 0 to size - 1, each alone */
  constructor(size: number) {
    this.parents = Uint32Array.from({ length: size }, (_, index) => index);
    this.sizes = new Uint32Array(size).fill(1);
  }

  /** The member that stands for the set of `member`. */
  find(member: number): number {
    let at = member;
    while (this.parent(at) !== at) {
      const grandparent = this.parent(this.parent(at));
      this.parents[at] = grandparent;
      at = grandparent;
    }
    return at;
  }

  join(left: number, right: number): void {
    const [one, other] = [this.find(left), this.find(right)];
    if (one === other) return;
    const [large, small] = this.size(one) < this.size(other) ? [other, one] : [one, other];
    this.parents[small] = large;
    this.sizes[large] = this.size(large) + this.size(small);
  }

  /** Sets of at least two members, members and sets in ascending order. */
  clusters(): number[][] {
    const byRoot = new Map<number, number[]>();
    for (let member = 0; member < this.parents.length; member++) {
      const root = this.find(member);
      if (this.size(root) < 2) continue;
      const members = byRoot.get(root);
      if (members) members.push(member);
      else byRoot.set(root, [member]);
    }
    return [...byRoot.values()];
  }

  private parent(member: number): number {
    return this.parents[member] ?? member;
  }

  private size(root: number): number {
    return this.sizes[root] ?? 1;
  }
}
