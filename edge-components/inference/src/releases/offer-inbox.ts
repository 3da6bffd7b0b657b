/**
 * `inbox/<offerId>/offer.json` from a model component's startup script, `verdict.json` beside it as the answer. Offers of
 * one component are answered one at a time, oldest first; those of several components side by side, so that a release that
 * is being challenged for a minute does not keep another use case waiting. One that was not answered before a restart is
 * taken again.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseContractJson, type ReleaseOffer, type ReleaseVerdict } from '../../../../contracts';
import { isIdentifier } from '../cameras/sources/frame-message';
import type { Clock, Log } from '../ports';
import { readIfPresent, replaceFile } from '../shared/durable-file';
import type { OfferInbox } from './ports';

type Decide = Parameters<OfferInbox['start']>[0];

const POLL_MILLISECONDS = 100;
/** The script removes its offer when it has read the verdict; one that was killed leaves it. */
const FORGET_AFTER_MILLISECONDS = 3600 * 1000;

export class FolderOfferInbox implements OfferInbox {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private readonly answering = new Set<string>();

  constructor(
    private readonly folder: string,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

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
    for (const offerId of (await readdir(this.folder)).sort()) {
      if (this.stopped) return;
      if (isIdentifier(offerId)) await this.take(offerId, decide);
    }
  }

  /** Begins to answer an offer, unless it has its answer or another offer of the same component is being answered. */
  private async take(offerId: string, decide: Decide): Promise<void> {
    const folder = join(this.folder, offerId);
    const text = await readIfPresent(join(folder, 'offer.json'));
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
