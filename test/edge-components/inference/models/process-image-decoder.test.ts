import type { Answer, Child } from '../../../../edge-components/inference/src/models/child';
import type { Message } from '../../../../edge-components/inference/src/models/message-stream';
import type { ProcessEnd } from '../../../../edge-components/inference/src/models/process-end';
import { ProcessImageDecoder } from '../../../../edge-components/inference/src/models/process-image-decoder';
import { silent } from '../../fake-device';

const NO_KILLS = { group: undefined, machine: undefined };
const jpeg = (text: string): Buffer => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(text)]);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).subarray(3).toString();

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());
const pass = (milliseconds = 0): Promise<void> => jest.advanceTimersByTimeAsync(milliseconds);

/** A decoder process: answers when told to, and dies of the text `fatal` as a real one would, unless it is killed before. */
class FakeChild implements Child {
  readonly waiting: { readonly id: number; readonly text: string }[] = [];
  alive = true;
  private message: (message: Message) => void = () => undefined;
  private ended: (end: Omit<ProcessEnd, 'wasBusy' | 'killed'>) => void = () => undefined;

  send(header: object, body?: Uint8Array): void {
    if (this.alive) this.waiting.push({ id: (header as Answer).id, text: textOf(body ?? new Uint8Array()) });
  }
  times() {
    return { monotonic: performance.now(), worked: undefined };
  }
  onMessage(listener: (message: Message) => void): void {
    this.message = listener;
  }
  onProblem(): void {}
  onEnd(listener: (end: Omit<ProcessEnd, 'wasBusy' | 'killed'>) => void): void {
    this.ended = listener;
  }
  isStopped = (): boolean => false;
  kill(): void {
    this.end('SIGKILL');
  }

  end(signal: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.ended({ code: null, signal, memoryKillsBefore: NO_KILLS, memoryKillsAfter: NO_KILLS });
  }

  /** Answers what waits, or dies of it. @param only of one of them */
  work(only?: string): void {
    if (this.waiting.some(({ text }) => text === 'fatal')) {
      this.end('SIGSEGV');
      return;
    }
    const answered = this.waiting.filter(({ text }) => only === undefined || text === only);
    for (const { id, text } of answered) {
      this.waiting.splice(
        this.waiting.findIndex((other) => other.id === id),
        1,
      );
      const header =
        text === 'slow'
          ? { id, ok: false, spent: true, message: 'image takes longer than 9 ms to decode' }
          : text === 'garbage'
            ? { id, ok: false, message: 'no' }
            : { id, ok: true, width: 1, height: 1 };
      this.message({ header, body: Buffer.from(text) });
    }
  }
}

function newDecoder() {
  const children: FakeChild[] = [];
  const lines: string[] = [];
  const decoder = new ProcessImageDecoder(
    {
      log: { ...silent, warn: (_, details) => lines.push(String(details?.reason)) },
      random: () => 1,
      watchdogMilliseconds: 3_600_000,
    },
    () => {
      children.push(new FakeChild());
      return children.at(-1) as FakeChild;
    },
  );
  const outcomes: string[] = [];
  const decode = (text: string): void => {
    decoder.decode(jpeg(text), 1_000).then(
      ({ pixels }) => outcomes.push(`${text}: ${Buffer.from(pixels).toString()}`),
      ({ name, message }: Error) => outcomes.push(`${text}: ${name}: ${message}`),
    );
  };
  return { decoder, children, decode, outcomes, lines, last: () => children.at(-1) as FakeChild };
}

test('what is no image never reaches the process; what it refuses is unreadable', async () => {
  const { decoder, children, decode, outcomes, last } = newDecoder();
  await expect(decoder.decode(Buffer.from('<svg/>'), 1)).rejects.toThrow('frame is neither JPEG nor PNG');
  await expect(decoder.decode(Buffer.alloc(0), 1)).rejects.toThrow('frame is empty');
  expect(await decoder.toJpeg(jpeg('kept'))).toEqual(jpeg('kept'));
  expect(children).toEqual([]);
  decode('garbage');
  await pass();
  last().work();
  await pass();
  expect(outcomes).toEqual(['garbage: UnreadableFrame: no']);
});

test('[S7] images that were under way when the process was killed are decoded by the next one, however often', async () => {
  const { decoder, children, decode, outcomes, lines, last } = newDecoder();
  for (const text of ['a', 'b']) decode(text);
  for (let kill = 1; kill <= 5; kill++) {
    await pass(10_000);
    last().end('SIGKILL');
    await pass();
    expect(decoder.problem).toBe('the decoder ended with SIGKILL: from outside');
  }
  for (let turn = 0; turn < 2; turn++) {
    await pass(10_000);
    last().work();
  }
  await pass();
  expect(outcomes).toEqual(['a: a', 'b: b']);
  expect(children).toHaveLength(6);
  expect(lines).toHaveLength(5);
  expect(decoder.problem).toBeUndefined();
});

test('[S7] the image that ends the process is found and refused; the one beside it is decoded', async () => {
  const { children, decode, outcomes, last } = newDecoder();
  for (const text of ['innocent', 'fatal']) decode(text);
  for (let turn = 0; turn < 4; turn++) {
    await pass(10_000);
    last().work();
  }
  await pass();
  expect(outcomes).toEqual([
    'innocent: innocent',
    'fatal: UnreadableFrame: no image: the decoder ended with SIGSEGV',
  ]);
  expect(children).toHaveLength(3);
});

test('case 45: an image that takes too long ends the process and is unreadable at once; the one beside it is decoded by the next', async () => {
  const { decoder, children, decode, outcomes, lines, last } = newDecoder();
  for (const text of ['slow', 'innocent']) decode(text);
  await pass();
  last().work('slow');
  await pass();
  expect(outcomes).toEqual(['slow: UnreadableFrame: image takes longer than 9 ms to decode']);
  expect(decoder.problem).toBe('the decoder is ended: an image takes longer than 9 ms to decode');
  expect(children.map(({ alive }) => alive)).toEqual([false, true]);
  last().work();
  await pass();
  expect(outcomes.slice(1)).toEqual(['innocent: innocent']);
  expect(lines).toHaveLength(1);
  expect(decoder.problem).toBeUndefined();
});

test('a process that cannot be started is tried on and on, and the image waits for it', async () => {
  let attempts = 0;
  const child = new FakeChild();
  const decoder = new ProcessImageDecoder({ log: silent, random: () => 1 }, () => {
    if (++attempts < 4) throw new Error('spawn ENOMEM');
    return child;
  });
  const decoded = decoder.decode(jpeg('a'), 1_000);
  await pass();
  expect(decoder.problem).toBe('the decoder cannot be started: spawn ENOMEM');
  await pass(2_000);
  child.work();
  expect(Buffer.from((await decoded).pixels).toString()).toBe('a');
  expect(attempts).toBe(4);
  expect(decoder.problem).toBeUndefined();
});

test('the first start after an end comes at once, also without an image; the next ones later and later', async () => {
  const { decoder, children, last } = newDecoder();
  decoder.prepare();
  await pass();
  const starts: number[] = [];
  for (let end = 1; end <= 4; end++) {
    const before = children.length;
    last().end('SIGKILL');
    let waited = 0;
    for (; children.length === before; waited += 100) await pass(100);
    starts.push(waited);
  }
  expect(starts).toEqual([0, 400, 800, 1_600]);
  await decoder.close();
});
