/** The decoder in a process of its own, which is started again when it ends. */
import { join } from 'node:path';
import type { CompleteImagePolicy } from '../../../../contracts/image-policy';
import { type DecodedImage, type ImageDecoder, type Log, UnreadableFrame } from '../ports';
import { Retry } from '../shared/retry';
import { type Answer, type Child, ChildGone, Requests } from './child';
import { startChild } from './child-processes';
import type { DecodedAnswer, Spent } from './decoder-protocol';
import { isJpeg, kindProblem } from './image-kind';
import type { Message } from './message-stream';

/** The process itself gives an image up sooner (decoding-budget.ts); this is for one that cannot even do that. */
const WATCHDOG_MILLISECONDS = 60_000;
/** The first start after an end comes at once, the next ones later and later: see {@link ProcessImageDecoder}. */
const RESTART_MILLISECONDS = { first: 200, longest: 10_000 };
/** An image with which the decoder has ended this often is not tried again. */
const MOST_ENDS_OF_AN_IMAGE = 2;

/**
 * For glibc's allocator (mallopt(3)): the memory of a frame stays for the next one. By default frames of some sizes are
 * given back to the system each time and come again page by page, which is a fifth of the time of a 1080p frame. One arena,
 * because threads that take turns would each keep a frame's. 32 MB is the largest threshold that every version takes.
 */
const MEMORY_STAYS = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: String(32 << 20),
  MALLOC_TRIM_THRESHOLD_: String(128 << 20),
};

/** The bundle of `decoder-host.ts`, beside the main bundle. */
const HOST_PROGRAM = join(__dirname, 'decoder-host.cjs');

interface Work {
  readonly type: 'decode' | 'toJpeg';
  readonly header: object;
  readonly bytes: Buffer;
  /** How often the decoder has ended by itself while it had this. */
  ends: number;
}

export interface ProcessImageDecoderOptions {
  readonly log: Log;
  readonly random: () => number;
  /** @default - the bundle beside this one */
  readonly program?: string;
  /** Longest time of one image. @default 60000 */
  readonly watchdogMilliseconds?: number;
}

/**
 * An image that takes too long ends the process, because nothing else ends its decoding, and is unreadable at once. What was
 * under way beside it, or when the process ends by itself, is asked again of the next one; then one image at a time, so that the one that
 * ended it is found: with it alone the process ends once more, and it is unreadable. An image never pays for a process that
 * was killed from outside.
 */
export class ProcessImageDecoder implements ImageDecoder {
  private requests: Promise<Requests> | undefined;
  private readonly restarts: Retry;
  /** Images that were under way at an end, one after the other. */
  private oneByOne: Promise<unknown> = Promise.resolve();
  private lastEnd: string | undefined;

  constructor(
    private readonly options: ProcessImageDecoderOptions,
    private readonly connect: () => Child = () =>
      startChild({ program: options.program ?? HOST_PROGRAM, variables: MEMORY_STAYS }),
  ) {
    this.restarts = new Retry(RESTART_MILLISECONDS, options.random);
  }

  /** Starts the process before the first image comes. */
  prepare(): void {
    void this.process();
  }

  /** Ends the process; to be called when nothing is under way. */
  async close(): Promise<void> {
    await (await this.requests)?.close();
  }

  /** How the process has ended, until it answers again. */
  get problem(): string | undefined {
    return this.lastEnd;
  }

  async decode(bytes: Buffer, maximumPixels: number, policy?: CompleteImagePolicy): Promise<DecodedImage> {
    const problem = kindProblem(bytes);
    if (problem !== undefined) throw new UnreadableFrame(problem);
    const { header, body } = await this.ask({
      type: 'decode',
      header: { maximumPixels, ...(policy && { policy }) },
      bytes,
      ends: 0,
    });
    const { width, height } = header as DecodedAnswer;
    return { width, height, pixels: body };
  }

  async toJpeg(bytes: Buffer): Promise<Buffer> {
    if (isJpeg(bytes)) return bytes;
    return (await this.ask({ type: 'toJpeg', header: {}, bytes, ends: 0 })).body;
  }

  /** @throws UnreadableFrame */
  private async ask(work: Work): Promise<Message> {
    let message: Message;
    try {
      message = await this.attempt(work);
    } catch (error) {
      if (!(error instanceof ChildGone)) throw error;
      message = await this.askAgain(work);
    }
    const { ok, message: problem = 'unknown error' } = message.header as Answer;
    if (!ok) throw new UnreadableFrame(problem);
    return message;
  }

  private askAgain(work: Work): Promise<Message> {
    const alone = this.oneByOne.then(async () => {
      while (true) {
        try {
          return await this.attempt(work);
        } catch (error) {
          if (!(error instanceof ChildGone)) throw error;
          if (work.ends >= MOST_ENDS_OF_AN_IMAGE) throw new UnreadableFrame(`no image: ${error.message}`);
        }
      }
    });
    this.oneByOne = alone.catch(() => undefined);
    return alone;
  }

  /** @throws ChildGone */
  private async attempt(work: Work): Promise<Message> {
    const requests = await this.process();
    try {
      const message = await requests.request(work.type, work.header, work.bytes);
      const { spent, message: problem } = message.header as Answer & Partial<Spent>;
      if (spent) {
        requests.end(`is ended: an ${problem}`);
        return message;
      }
      this.restarts.succeeded();
      this.lastEnd = undefined;
      return message;
    } catch (error) {
      if (error instanceof ChildGone && error.isOwnDoing) work.ends++;
      throw error;
    }
  }

  /** The process that answers now; after an end the next one, when its time has come. */
  private process(): Promise<Requests> {
    this.requests ??= this.start();
    return this.requests;
  }

  private async start(): Promise<Requests> {
    const { watchdogMilliseconds = WATCHDOG_MILLISECONDS } = this.options;
    while (true) {
      if (this.restarts.failures > 1) await this.restarts.backOff();
      try {
        return new Requests(
          'the decoder',
          this.connect(),
          () => watchdogMilliseconds,
          ({ message }) => this.startAgain(message),
        );
      } catch (error) {
        // No memory for another process.
        this.ended(`the decoder cannot be started: ${(error as Error).message}`);
      }
    }
  }

  /** Not when the next image comes: it should find the process ready. */
  private startAgain(reason: string): void {
    this.ended(reason);
    this.requests = this.start();
  }

  private ended(reason: string): void {
    this.options.log.warn('process ended', { process: 'decoder', reason });
    this.restarts.failed();
    this.lastEnd = reason;
  }
}
