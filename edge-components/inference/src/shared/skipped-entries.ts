import { type BackoffBounds, backoffMilliseconds } from './backoff';

interface Skipped {
  readonly problem: string;
  readonly failures: number;
  /** `Clock.monotonic`. */
  readonly nextTry: number;
}

/** Somebody may be about to put the entry right, or may have gone home. */
const BOUNDS: BackoffBounds = { first: 1_000, longest: 60_000 };
const LONGEST_NAME_SHOWN = 60;

/** Entries of a folder that cannot be taken: each is passed over and tried again later, and keeps no other one waiting. */
export class SkippedEntries {
  private readonly entries = new Map<string, Skipped>();

  /** @param now `Clock.monotonic` */
  constructor(
    private readonly now: () => number,
    private readonly random: () => number,
  ) {}

  /** Whether the entry's time has come. */
  mayTry(name: string): boolean {
    return (this.entries.get(name)?.nextTry ?? 0) <= this.now();
  }

  failed(name: string, problem: string): void {
    const failures = (this.entries.get(name)?.failures ?? 0) + 1;
    const nextTry = this.now() + backoffMilliseconds(failures, BOUNDS, this.random);
    this.entries.set(name, { problem, failures, nextTry });
  }

  taken(name: string): void {
    this.entries.delete(name);
  }

  /** Forgets what is no longer there. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.entries.keys()) if (!names.has(name)) this.entries.delete(name);
  }

  /** What is wrong, in words that stay the same while it is: one of the entries, and whether there are more. */
  problem(): string | undefined {
    const [first] = [...this.entries.keys()].sort();
    if (first === undefined) return undefined;
    const shown = first.length > LONGEST_NAME_SHOWN ? `${first.slice(0, LONGEST_NAME_SHOWN)}...` : first;
    const others = this.entries.size > 1 ? '; others cannot be taken either' : '';
    return `${JSON.stringify(shown)} ${this.entries.get(first)?.problem}${others}`;
  }
}
