/**
 * `inbox/<offerId>/offer.json` from a model component's startup script, `verdict.json` beside it as the answer. Offers of
 * one component are answered one at a time, oldest first; those of several components side by side, so that a release that
 * is being challenged for a minute does not keep another use case waiting. One that was not answered before a restart is
 * taken again. What is no offer, a stray file say, keeps none waiting.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseContractJson, type ReleaseOffer, type ReleaseVerdict } from '../../../../contracts';
import { isIdentifier } from '../cameras/sources/frame-message';
import type { Clock, Log } from '../ports';
import { replaceFile } from '../shared/durable-file';
import { NoRegularFile, withRegularFile } from '../shared/regular-file';
import { SkippedEntries } from '../shared/skipped-entries';
import type { OfferInbox } from './ports';

type Decide = Parameters<OfferInbox['start']>[0];

const POLL_MILLISECONDS = 100;
/** The script removes its offer when it has read the verdict; one that was killed leaves it. */
const FORGET_AFTER_MILLISECONDS = 3600 * 1000;

export class FolderOfferInbox implements OfferInbox {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private readonly answering = new Set<string>();
  private readonly skipped: SkippedEntries;
  private logged: string | undefined;

  constructor(
    private readonly folder: string,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.skipped = new SkippedEntries(
      () => clock.monotonic(),
      () => 1,
    );
  }

  start(decide: Decide): void {
    const poll = async (): Promise<void> => {
      try {
        await this.answerAll(decide);
      } catch (error) {
        this.log.error('inbox', { error: (error as Error).message });
      }
      if (!this.stopped) {
        this.timer = setTimeout(() => {
          void poll();
        }, POLL_MILLISECONDS);
      }
    };
    void poll();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async answerAll(decide: Decide): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const offerIds = (await readdir(this.folder)).filter(isIdentifier).sort();
    this.skipped.keepOnly(new Set(offerIds));
    for (const offerId of offerIds) {
      if (this.stopped) return;
      if (this.skipped.mayTry(offerId)) await this.tryToTake(offerId, decide);
    }
    this.logChange();
  }

  private async tryToTake(offerId: string, decide: Decide): Promise<void> {
    try {
      await this.take(offerId, decide);
      this.skipped.taken(offerId);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason =
        error instanceof NoRegularFile ? `holds an offer.json that ${message}` : (code ?? message);
      this.skipped.failed(offerId, code === 'ENOTDIR' ? 'is no folder with an offer' : reason);
    }
  }

  private logChange(): void {
    const problem = this.skipped.problem();
    if (problem !== undefined && problem !== this.logged) this.log.warn('inbox', { problem });
    this.logged = problem;
  }

  /** Begins to answer an offer, unless it has its answer or another offer of the same component is being answered. */
  private async take(offerId: string, decide: Decide): Promise<void> {
    const folder = join(this.folder, offerId);
    const text = await withRegularFile(join(folder, 'offer.json'), (file) => file.readFile('utf8'));
    if (text === undefined || (await this.isAnswered(folder))) return;
    const offer = this.parse(offerId, text);
    const queue = offer instanceof Error ? offerId : offer.componentName;
    if (this.answering.has(queue)) return;
    this.answering.add(queue);
    void this.answer(folder, offerId, offer, decide).finally(() => this.answering.delete(queue));
  }

  private async isAnswered(folder: string): Promise<boolean> {
    const answered = await stat(join(folder, 'verdict.json')).catch(() => undefined);
    if (answered && this.clock.now() - answered.mtimeMs > FORGET_AFTER_MILLISECONDS) {
      await rm(folder, { recursive: true, force: true });
    }
    return answered !== undefined;
  }

  private parse(offerId: string, text: string): ReleaseOffer | Error {
    try {
      const offer = parseContractJson('release-offer', text, `offer.json of offer ${offerId}`);
      return offer.offerId === offerId ? offer : new Error(`offer.json names offer '${offer.offerId}'`);
    } catch (error) {
      return error as Error;
    }
  }

  private async answer(
    folder: string,
    offerId: string,
    offer: ReleaseOffer | Error,
    decide: Decide,
  ): Promise<void> {
    const verdict = await this.verdictOf(offerId, offer, decide);
    if (this.stopped) return;
    await replaceFile(join(folder, 'verdict.json'), JSON.stringify(verdict)).catch((error) =>
      // The script has given up and removed its offer.
      this.log.warn('verdict not delivered', { offerId, error: (error as Error).message }),
    );
  }

  private async verdictOf(
    offerId: string,
    offer: ReleaseOffer | Error,
    decide: Decide,
  ): Promise<ReleaseVerdict> {
    try {
      if (offer instanceof Error) throw offer;
      return await decide(offer);
    } catch (error) {
      return {
        schemaVersion: 1,
        offerId,
        verdict: 'refused',
        code: 'ENVELOPE_INVALID',
        message: (error as Error).message.slice(0, 1000),
        decidedAt: new Date(this.clock.now()).toISOString(),
      };
    }
  }
}
