/**
 * A release that ends its process on a frame that no golden sample resembles would be started again for ever, and every
 * such frame would cost the line its answers for the time of a start. So its own ends are counted, hangs among them, and
 * one too many gives its place to the release before. What ends the process from outside says nothing about a release
 * (models/process-end.ts) and is not counted.
 *
 * Two counts, because good answers in between say different things. An end that many of them follow was no start into
 * nothing; but a release that ends once in a while does so on some kind of part, however many good answers lie between.
 */
import type { Clock } from '../ports';

/** One end may be a flipped bit in memory; the second, without {@link PROBATION} in between, is a habit. */
export const MOST_DEATHS = 2;

/** Enough good answers, for long enough, to trust a release again. */
export const PROBATION = { results: 20, milliseconds: 60_000 } as const;

/** Ends within so long are too many, whatever lies between them. */
export const HABIT = { ends: 3, milliseconds: 24 * 3_600_000 } as const;

/** Releases of which ends are remembered: the one in service, the one before, and two that were tried meanwhile. */
const RELEASES_KEPT = 4;

/** The ends of one release. */
export interface EndsOfRelease {
  /** Of the envelope. */
  readonly digest: string;
  /** Times of its ends, the latest {@link HABIT} of them; milliseconds since the epoch. */
  readonly ends: readonly number[];
  /** How often it has ended without {@link PROBATION} since. */
  readonly deaths: number;
}

/** What is on disk, so that the counts outlive the component; the last release that has ended is the last here. */
export interface Probation {
  readonly releases: readonly EndsOfRelease[];
}

/**
 * Whether the release has to give way to the one before. A clock that has jumped since takes an end out of the count,
 * whichever way it jumped: no end may count for longer than a day.
 * @param now milliseconds since the epoch
 */
export function mustRevert({ ends, deaths }: Omit<EndsOfRelease, 'digest'>, now: number): boolean {
  const counted = ends.filter((at) => Math.abs(now - at) < HABIT.milliseconds).length;
  return deaths >= MOST_DEATHS || counted >= HABIT.ends;
}

export interface ProbationPorts {
  readonly note: (probation: Probation) => Promise<void>;
  readonly clock: Pick<Clock, 'monotonic' | 'now'>;
}

/** Counts the ends of the releases that have answered here. */
export class ProbationWatch {
  private releases: readonly EndsOfRelease[] = [];
  /** Good answers of the release that is on probation, and since when. */
  private good: { readonly digest: string; results: number; readonly since: number } | undefined;

  constructor(private readonly ports: ProbationPorts) {}

  /** At a start: what was noted before, whatever it is. */
  restored(found: unknown): void {
    this.releases = endsOf(found);
    const last = this.releases.at(-1);
    if (last && last.deaths > 0) this.beginProbation(last.digest);
  }

  /** Whether the release has not yet been forgiven an end. */
  isOn(digest: string | undefined): boolean {
    return digest !== undefined && this.of(digest).deaths > 0;
  }

  /** The ends of a release. */
  of(digest: string): EndsOfRelease {
    return this.releases.find((one) => one.digest === digest) ?? { digest, ends: [], deaths: 0 };
  }

  /**
   * The release has ended its process.
   * @throws Error of the disk; it is counted all the same
   */
  async died(digest: string): Promise<void> {
    const { ends, deaths } = this.of(digest);
    this.beginProbation(digest);
    await this.put({
      digest,
      ends: [...ends, this.ports.clock.now()].slice(-HABIT.ends),
      deaths: deaths + 1,
    });
  }

  /**
   * The release was taken anew: what it did before its quarantine was lifted is over.
   * @throws Error of the disk; it is forgotten all the same
   */
  async taken(digest: string): Promise<void> {
    if (this.of(digest).ends.length > 0 || this.isOn(digest)) await this.put({ digest, ends: [], deaths: 0 });
  }

  /** The release has answered a frame; `good` unless its result is invalid. */
  async answered(digest: string, good: boolean): Promise<void> {
    if (!good || !this.isOn(digest)) return;
    if (this.good?.digest !== digest) this.beginProbation(digest);
    const { good: counted } = this;
    if (!counted) return;
    counted.results++;
    const elapsed = this.ports.clock.monotonic() - counted.since;
    if (counted.results < PROBATION.results || elapsed < PROBATION.milliseconds) return;
    await this.put({ ...this.of(digest), deaths: 0 });
  }

  private beginProbation(digest: string): void {
    this.good = { digest, results: 0, since: this.ports.clock.monotonic() };
  }

  private async put(ends: EndsOfRelease): Promise<void> {
    const others = this.releases.filter(({ digest }) => digest !== ends.digest);
    this.releases = [...others, ends].slice(-RELEASES_KEPT);
    await this.ports.note({ releases: this.releases });
  }
}

/** Also of releases of the component that counted one release and no times. What is of another shape counts as none. */
function endsOf(found: unknown): EndsOfRelease[] {
  const { releases } = (found ?? {}) as Partial<Probation>;
  const all: unknown[] = Array.isArray(releases) ? releases : [found];
  return all.flatMap((one) => {
    const { digest, deaths, ends = [] } = (one ?? {}) as Partial<EndsOfRelease>;
    if (typeof digest !== 'string' || !Number.isSafeInteger(deaths) || !Array.isArray(ends)) return [];
    return { digest, deaths: deaths as number, ends: ends.filter((at) => Number.isFinite(at)) };
  });
}
