import type { ConfigurationDocument, ReleaseOffer, ReleaseVerdict } from '../../../../contracts';
import type { Clock, Log } from '../ports';
import type { ConfigurationReading } from './configuration';
import { readDocument, withDocument } from './configuration-document';

/** Of a verdict's message. */
const LONGEST_MESSAGE = 1_000;

/** Where documents lie. */
export interface DocumentFiles {
  /** The one that was accepted last; undefined when there is none. */
  kept(): Promise<string | undefined>;
  /** Whole or not at all. */
  keep(text: string): Promise<void>;
  /** That of an offer. One that is too large comes cut off, one byte too long. */
  offered(artifactsPath: string): Promise<string>;
}

export interface DocumentKeeperPorts {
  readonly files: DocumentFiles;
  /** What the nucleus has, without a document. */
  readonly deployed: () => Promise<unknown>;
  readonly check: (configuration: unknown) => ConfigurationReading;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** Keeps the configuration document that was accepted last, and answers offers of others. */
export class DocumentKeeper {
  private document: ConfigurationDocument | undefined;

  constructor(private readonly ports: DocumentKeeperPorts) {}

  /** A damaged one is none: what is deployed is in force until the component offers it again. */
  async load(): Promise<void> {
    const text = await this.ports.files.kept();
    if (text === undefined) return;
    const reading = readDocument(text);
    if (reading.ok) this.document = reading.document;
    else this.ports.log.error('configuration document damaged', { problems: reading.problems });
  }

  /** The configuration with the document over it. */
  over(deployed: unknown): unknown {
    return withDocument(deployed, this.document);
  }

  /**
   * Keeps the document of an offer if it is right; then `apply` brings it into force.
   * @throws Error when the document cannot be read or kept
   */
  async take(offer: ReleaseOffer, apply: () => Promise<void>): Promise<ReleaseVerdict> {
    const { files, deployed, check } = this.ports;
    const text = await files.offered(offer.artifactsPath);
    const reading = readDocument(text);
    if (!reading.ok) return this.verdict(offer, reading.problems);
    const { document } = reading;
    if (JSON.stringify(document) === JSON.stringify(this.document))
      return this.verdict(offer, [], 'ALREADY_IN_SERVICE');
    const whole = check(withDocument(await deployed(), document));
    if (!whole.ok) return this.verdict(offer, whole.problems);
    await files.keep(text);
    this.document = document;
    await apply();
    return this.verdict(offer, []);
  }

  private verdict(
    { offerId, componentName, componentVersion }: ReleaseOffer,
    problems: readonly string[],
    accepted: 'ACCEPTED' | 'ALREADY_IN_SERVICE' = 'ACCEPTED',
  ): ReleaseVerdict {
    const { clock, log } = this.ports;
    const isRight = problems.length === 0;
    if (isRight) log.info('configuration document', { componentVersion, accepted });
    else log.error('configuration document refused', { componentVersion, problems });
    const message = isRight ? `configuration ${componentVersion} of ${componentName}` : problems.join('; ');
    return {
      schemaVersion: 1,
      offerId,
      verdict: isRight ? 'accepted' : 'refused',
      code: isRight ? accepted : 'CONFIGURATION_INVALID',
      message: message.slice(0, LONGEST_MESSAGE),
      decidedAt: new Date(clock.now()).toISOString(),
    };
  }
}
