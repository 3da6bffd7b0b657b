/** A child process of the component as a port, and requests to it. */
import { within } from '../shared/within';
import type { Message } from './message-stream';
import { afterSilence } from './patience';
import { type Judgement, judgeEnd, type ProcessEnd } from './process-end';

/** A child process: messages go in and out until it ends. */
export interface Child {
  send(header: object, body?: Uint8Array): void;
  onMessage(listener: (message: Message) => void): void;
  /** It cannot be used any more, and has to be killed. */
  onProblem(listener: (problem: Judgement) => void): void;
  /** It has ended, and everything that it had sent has been given out. */
  onEnd(listener: (end: Omit<ProcessEnd, 'wasBusy' | 'killed'>) => void): void;
  /** Whether somebody has stopped it, so that it cannot answer. */
  isStopped(): boolean;
  /** The time, and how much of it the child has had. */
  times(): ChildTimes;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
}

/** Milliseconds. */
export interface ChildTimes {
  /** Of a clock that never goes back. */
  readonly monotonic: number;
  /** Processor time of the child so far; undefined where that cannot be read. */
  readonly worked: number | undefined;
}

/** The process is gone. Nothing more will come from it. */
export class ChildGone extends Error {
  override readonly name = 'ChildGone';
  constructor(
    message: string,
    /** Whether it has ended itself by what it was asked to do. */
    readonly isOwnDoing: boolean,
  ) {
    super(message);
  }
}

/** Header of every answer, beside what is the answer's own. */
export interface Answer {
  readonly id: number;
  readonly ok: boolean;
  /** Why not ok. */
  readonly message?: string;
}

interface Pending {
  resolve(message: Message): void;
  reject(error: ChildGone): void;
}

/** Begins the reason why there was no answer. */
const KEPT_FROM_WORK = {
  stopped: 'was stopped and ',
  starved: 'hardly got a processor and ',
  hangs: '',
} as const;

/** A request that was sent. */
interface Asked {
  readonly id: number;
  readonly type: string;
  readonly answer: Promise<Message>;
  /** Processor time of the child until then. */
  readonly workedBefore: number | undefined;
}

/** Asks a child and waits for its answers, as long as it lives and answers in time. */
export class Requests {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;
  private gone: ChildGone | undefined;
  private isClosing = false;
  private closed: Promise<void> | undefined;
  private idle: (() => void) | undefined;

  /**
   * @param name begins the sentence about its end
   * @param watchdogMilliseconds longest time of one request; asked for each
   * @param onGone told once, unless the child was closed
   */
  constructor(
    private readonly name: string,
    private readonly child: Child,
    private readonly watchdogMilliseconds: () => number,
    private readonly onGone: (reason: ChildGone) => void = () => undefined,
  ) {
    child.onMessage((message) => this.settle(message));
    child.onProblem((problem) => this.giveUp(problem));
    child.onEnd((end) => this.fail(judgeEnd({ ...end, wasBusy: this.pending.size > 0 })));
  }

  get isGone(): boolean {
    return this.gone !== undefined;
  }

  /**
   * @param longest milliseconds that this request may take. @default - as long as any
   * @throws ChildGone
   */
  request(
    type: string,
    header: object,
    body?: Uint8Array,
    longest = Number.POSITIVE_INFINITY,
  ): Promise<Message> {
    if (this.gone) return Promise.reject(this.gone);
    if (this.isClosing) return Promise.reject(new ChildGone(`${this.name} is closed`, false));
    const id = ++this.lastId;
    const answer = new Promise<Message>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.child.send({ ...header, id, type }, body);
    });
    // Once for each request: it reads a file of the kernel's, twenty microseconds of every frame.
    const { monotonic, worked } = this.child.times();
    const asked = { id, type, answer, workedBefore: worked };
    return this.answerOf(asked, Math.min(longest, this.watchdogMilliseconds()), monotonic);
  }

  /** @param since when the time that is allowed began */
  private answerOf(asked: Asked, allowed: number, since: number, extensions = 0): Promise<Message> {
    const { child } = this;
    const { id, type, answer, workedBefore } = asked;
    return within(allowed, answer, async () => {
      // What has come while this process did not run is still in the socket: it is read first.
      await new Promise((resolve) => setImmediate(resolve));
      if (!this.pending.has(id)) return answer;
      const now = child.times();
      const passed = now.monotonic - since;
      const worked =
        workedBefore === undefined || now.worked === undefined ? undefined : now.worked - workedBefore;
      const isStopped = child.isStopped();
      const next = afterSilence({ allowed, passed, worked, isStopped, extensions });
      if (next === 'again') return this.answerOf(asked, allowed, now.monotonic, extensions + 1);
      const reason = `gave no answer to '${type}' within ${Math.round(allowed * (extensions + 1))} ms`;
      this.giveUp({ reason: `${KEPT_FROM_WORK[next]}${reason}`, isOwnDoing: next === 'hangs' });
      return answer;
    });
  }

  /** Waits for requests that are under way, then ends the process. */
  close(): Promise<void> {
    this.isClosing = true;
    this.closed ??= this.endWhenIdle();
    return this.closed;
  }

  /** Ends the process at once; what is asked of it has to be asked of another one. */
  end(reason: string): void {
    this.giveUp({ reason, isOwnDoing: false });
  }

  private async endWhenIdle(): Promise<void> {
    if (this.pending.size > 0) {
      await new Promise<void>((resolve) => {
        this.idle = resolve;
      });
    }
    this.child.kill();
  }

  private settle(message: Message): void {
    const id = (message.header as Partial<Answer> | null)?.id;
    const waiting = id === undefined ? undefined : this.pending.get(id);
    if (id === undefined || !waiting) return;
    this.pending.delete(id);
    waiting.resolve(message);
    if (this.pending.size === 0) this.idle?.();
  }

  private giveUp(problem: Judgement): void {
    this.fail(problem);
    this.child.kill();
  }

  private fail({ reason, isOwnDoing }: Judgement): void {
    if (this.gone) return;
    this.gone = new ChildGone(`${this.name} ${reason}`, isOwnDoing);
    for (const waiting of this.pending.values()) waiting.reject(this.gone);
    this.pending.clear();
    this.idle?.();
    if (!this.isClosing) this.onGone(this.gone);
  }
}
