import { type ClassCodes, withCodesFor } from '../../../contracts/class-codes';
import type {
  ChampionItem,
  Claim,
  ReleaseStatus,
  StoredRelease,
  WaveItem,
} from '../../../lambda/registry/release-items';
import { nextAttempt } from '../../../lambda/rollout/next-attempt';
import type { Ending, Failure, ReleaseState, RolloutLock } from '../../../lambda/rollout/rollout-table';

type Mutable = { -readonly [Field in keyof StoredRelease]: StoredRelease[Field] } & {
  reason?: string;
  judgement?: unknown;
};

/** The release table in memory: what ReleaseTable and RolloutTable do, with the same conditions. */
export class FakeReleaseTable {
  readonly claims = new Map<string, Claim>();
  readonly releases = new Map<number, Mutable>();
  readonly waves = new Map<string, WaveItem>();
  counter = 0;
  codes: ClassCodes = {};
  crowned?: ChampionItem;
  held?: RolloutLock | undefined;

  async claimCounter(claimKey: string, now: string, highestPublished = async () => 0): Promise<Claim> {
    const found = this.claims.get(claimKey);
    if (found) return found;
    this.counter = (this.counter || (await highestPublished())) + 1;
    const claim = { counter: this.counter, claimedAt: now };
    this.claims.set(claimKey, claim);
    return claim;
  }

  async find(counter: number): Promise<StoredRelease | undefined> {
    const found = this.releases.get(counter);
    return found && { ...found };
  }

  async get(counter: number): Promise<StoredRelease> {
    const found = await this.find(counter);
    if (!found) throw new Error(`release ${counter} is not in the table`);
    return found;
  }

  async add(stored: StoredRelease): Promise<StoredRelease> {
    const { counter } = stored.release;
    if (!this.releases.has(counter)) this.releases.set(counter, { ...stored });
    return this.get(counter);
  }

  async noteAnnounced(counter: number, at: string): Promise<void> {
    const found = this.releases.get(counter);
    if (found) found.announcedAt ??= at;
  }

  async classCodes(): Promise<ClassCodes> {
    return this.codes;
  }

  async giveCodes(classes: readonly string[], pinned: ClassCodes): Promise<ClassCodes> {
    this.codes = withCodesFor({ ...this.codes, ...pinned }, classes);
    return this.codes;
  }

  async champion(): Promise<ChampionItem | undefined> {
    return this.crowned;
  }

  async putChampion(champion: ChampionItem): Promise<void> {
    this.crowned = champion;
  }

  async wave(name: string): Promise<WaveItem | undefined> {
    return this.waves.get(name);
  }

  async noteWave(name: string, counter: number): Promise<WaveItem> {
    const before = this.waves.get(name);
    if (before?.counter === counter) return before;
    const wave = { counter, ...(before && { previousCounter: before.counter }) };
    this.waves.set(name, wave);
    return wave;
  }

  async holder(): Promise<string | undefined> {
    return this.held?.executionArn;
  }

  async lock(): Promise<RolloutLock | undefined> {
    return this.held;
  }

  async releaseStates(): Promise<ReleaseState[]> {
    return [...this.releases]
      .sort(([one], [other]) => one - other)
      .map(([counter, { status, executionArn, attempts, retryAfter, awaits }]) => ({
        counter,
        status,
        ...(executionArn !== undefined && { executionArn }),
        ...(attempts !== undefined && { attempts }),
        ...(retryAfter !== undefined && { retryAfter }),
        ...(awaits !== undefined && { awaits }),
      }));
  }

  async claim(counter: number, executionArn: string) {
    const release = this.releases.get(counter);
    if (release?.status !== 'READY' && release?.status !== 'ABORTED') return 'TAKEN' as const;
    if (this.held && this.held.executionArn !== executionArn) return 'BUSY' as const;
    this.held = { executionArn, counter };
    Object.assign(release, { status: 'ROLLING_OUT', executionArn });
    return 'CLAIMED' as const;
  }

  async takeOver(counter: number, executionArn: string, after: string | undefined): Promise<boolean> {
    const release = this.releases.get(counter);
    const holder = this.held?.executionArn;
    if (!release || (holder !== after && holder !== executionArn)) return false;
    this.held = { executionArn, counter };
    Object.assign(release, { status: 'ROLLING_OUT', executionArn });
    return true;
  }

  async withdraw(counter: number, reason: string): Promise<void> {
    const release = this.releases.get(counter);
    if (release?.status === 'READY') Object.assign(release, { status: 'SUPERSEDED', reason });
  }

  async giveUp(counter: number, { executionArn, reason, at, isFinal, absence }: Failure) {
    const release = this.releases.get(counter);
    const isOwn = release?.executionArn === executionArn;
    if (!release || release.status !== (isOwn ? 'ROLLING_OUT' : 'READY')) return undefined;
    const isPause = release.retryAfter !== undefined && at.getTime() < Date.parse(release.retryAfter);
    if (!isOwn && isPause && !isFinal) return undefined;
    const next = isFinal ? undefined : nextAttempt(release, at, absence);
    const status = next ? ('READY' as const) : ('ABORTED' as const);
    delete release.awaits;
    Object.assign(release, { status, reason, executionArn, ...next });
    return status;
  }

  async end(counter: number, executionArn: string, ending: Ending): Promise<boolean> {
    const release = this.releases.get(counter);
    if (release?.executionArn !== executionArn) return false;
    Object.assign(release, ending);
    return true;
  }

  async mark(counter: number, ending: Ending): Promise<void> {
    const release = this.releases.get(counter);
    if (release) Object.assign(release, ending);
  }

  async unlock(executionArn: string): Promise<void> {
    if (this.held?.executionArn === executionArn) this.held = undefined;
  }

  /** counter -> status */
  statuses(): Record<number, ReleaseStatus> {
    return Object.fromEntries([...this.releases].map(([counter, { status }]) => [counter, status]));
  }
}
