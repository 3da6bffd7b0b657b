import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Child, Requests } from '../../../../edge-components/inference/src/models/child';
import { ProcessModelHost } from '../../../../edge-components/inference/src/models/model-hosts';
import { memoryOf } from '../../../../edge-components/inference/src/models/process-limits';
import type { ModelSpecification } from '../../../../edge-components/inference/src/ports';
import { REPOSITORY_ROOT } from '../../../../scripts/repository';
import { waitFor } from '../../wait-for';

/**
 * Stands for inference-host.ts without a graph: what it does with a load is in the path. Runs answer the first pixel, and
 * misbehave when that is 13.
 */
const PROGRAM = `
  const { readFileSync } = require('node:fs');
  const socket = new (require('node:net').Socket)({ fd: 3 });
  const { MessageParser, writeMessage } = require('./message-stream.cjs');
  const reply = (message) => writeMessage(socket, message);
  const kept = [];
  const acts = {
    hang: () => { for (;;) {} },
    eat: () => { for (;;) kept.push(Buffer.alloc(1 << 24, 1)); },
    sleep: () => undefined,
    leave: () => process.exit(7),
    killed: () => process.kill(process.pid, 'SIGKILL'),
    crash: () => process.kill(process.pid, 'SIGSEGV'),
    stop: () => process.kill(process.pid, 'SIGSTOP'),
    babble: () => socket.write(Buffer.alloc(8, 255)),
  };
  let act;
  const take = ({ id, type, path }, pixels) => {
    if (type === 'load') {
      const score = readFileSync('/proc/self/oom_score_adj', 'utf8');
      if (path === 'tell') return reply({ id, ok: false, kind: 'load', message: JSON.stringify({ pid: process.pid, score, environment: process.env }) });
      if (path.startsWith('load:')) return acts[path.slice(5)]();
      if (path.startsWith('later:')) setTimeout(acts[path.slice(6)], 50);
      act = acts[path];
      return reply({ id, ok: true });
    }
    if (pixels[0] === 13) return act();
    const further = pixels[0] === 14 && { novelty: 'NaN', embedding: [1, 'Infinity'] };
    reply({ id, ok: true, probabilities: [pixels[0]], ...further, statistics: {}, milliseconds: 1 });
  };
  const parser = new MessageParser();
  socket.on('data', (chunk) => { for (const { header, body } of parser.push(chunk)) take(header, body); });
  socket.on('close', () => process.exit(0));
`;

const folder = mkdtempSync(join(tmpdir(), 'kaizen-edge-hosts-'));
const program = join(folder, 'host.cjs');
const SOURCE = join(REPOSITORY_ROOT, 'edge-components', 'inference', 'src', 'models');
const MEBIBYTE = 2 ** 20;

beforeAll(async () => {
  writeFileSync(program, PROGRAM);
  await build({
    entryPoints: [join(SOURCE, 'message-stream.ts')],
    outfile: join(folder, 'message-stream.cjs'),
    platform: 'node',
    format: 'cjs',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const specification = (path: string): ModelSpecification => ({
  path,
  sha256: 'a'.repeat(64),
  input: { name: 'image', height: 1, width: 1, outputName: 'probabilities' },
  classes: 1,
});
const image = (level: number) => ({ height: 1, width: 1, pixels: Uint8Array.of(level, 0, 0) });

/** What the process says of itself: its environment, its place in the kernel's queue. */
async function told(host: ProcessModelHost) {
  const error = await host.load(specification('tell')).catch((reason: Error) => reason as Error);
  return JSON.parse((error as Error).message) as {
    pid: number;
    score: string;
    environment: Record<string, string>;
  };
}

const isGone = (pid: number): boolean => {
  try {
    return memoryOf(pid) === 0;
  } catch {
    return true;
  }
};

test('a trial process holds no secret of the component, and goes first when memory runs out', async () => {
  process.env.SVCUID = 'token of the nucleus';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  process.env.NODE_OPTIONS = '--no-warnings';
  process.env.LD_LIBRARY_PATH = '/opt/node/lib';
  try {
    const { environment, score, pid } = await told(new ProcessModelHost({ program }));
    expect(environment).toEqual({ LD_LIBRARY_PATH: '/opt/node/lib', ORT_DISABLE_TELEMETRY: '1' });
    expect(score.trim()).toBe('1000');
    // A load that was refused leaves no process behind.
    await waitFor('the end of the process', () => isGone(pid));
  } finally {
    for (const name of ['SVCUID', 'AWS_SECRET_ACCESS_KEY', 'NODE_OPTIONS', 'LD_LIBRARY_PATH']) {
      delete process.env[name];
    }
  }
});

test('further outputs come as the graph gave them, no numbers among them', async () => {
  const model = await new ProcessModelHost({ program }).load(specification('further'));
  const { novelty, embedding } = await model.run(image(14));
  expect([novelty, embedding]).toEqual([Number.NaN, [1, Number.POSITIVE_INFINITY]]);
  expect(await model.run(image(1))).toEqual({ probabilities: [1], statistics: {}, milliseconds: 1 });
  await model.close();
});

test('a process that takes too much memory is killed, and the reason says how much; others go on [case 20]', async () => {
  const allowed = 256 * MEBIBYTE;
  const host = new ProcessModelHost({ program, memoryBytes: () => allowed });
  const neighbour = await host.load(specification('eat'));
  const model = await host.load(specification('eat'));
  const reason = await model.run(image(13)).then(fail, (error: Error) => error);
  expect(reason).toMatchObject({ name: 'ModelError', kind: 'gone', isOwnDoing: true });
  const [, used, limit] = /^inference process used (\d+) bytes of memory, at most (\d+) are allowed$/.exec(
    reason.message,
  ) as RegExpExecArray;
  expect(Number(limit)).toBe(allowed);
  expect(Number(used)).toBeGreaterThan(allowed);
  // Nothing more comes from it, for the same reason; closing it is safe, also twice.
  await expect(model.run(image(1))).rejects.toThrow(reason.message);
  await model.close();
  await model.close();
  expect((await neighbour.run(image(5))).probabilities).toEqual([5]);
  await neighbour.close();
});

function fail(): never {
  throw new Error('the run was answered');
}

test('limits are asked for again each time: a configuration may change while a trial runs', async () => {
  let memoryBytes = 1024 * MEBIBYTE;
  let watchdogMilliseconds = 60_000;
  const host = new ProcessModelHost({
    program,
    memoryBytes: () => memoryBytes,
    watchdogMilliseconds: () => watchdogMilliseconds,
  });
  const slow = await host.load(specification('hang'));
  expect((await slow.run(image(1))).probabilities).toEqual([1]);
  watchdogMilliseconds = 300;
  await expect(slow.run(image(13))).rejects.toMatchObject({
    kind: 'gone',
    message: expect.stringMatching(/^inference process gave no answer to 'run' within \d+ ms$/),
  });
  await slow.close();

  watchdogMilliseconds = 60_000;
  const large = await host.load(specification('eat'));
  expect((await large.run(image(1))).probabilities).toEqual([1]);
  memoryBytes = MEBIBYTE;
  await waitFor('its end', () =>
    large.run(image(1)).then(
      () => false,
      (error: Error) => /at most 1048576 are allowed/.test(error.message),
    ),
  );
  await large.close();
});

test('a process that was started before the configuration was known has its limits', async () => {
  const host = new ProcessModelHost({ program });
  host.prepare();
  const prepared = await host.load(specification('hang'));
  host.watchdogMilliseconds = () => 300;
  await expect(prepared.run(image(13))).rejects.toMatchObject({
    kind: 'gone',
    message: expect.stringMatching(/^inference process gave no answer to 'run' within \d+ ms$/),
  });
  await prepared.close();
});

test.each<[string, string, boolean, RegExp]>([
  ['hangs while it loads [case 19]', 'load:hang', true, /^trial gave no answer to 'load' within \d+ ms$/],
  ['takes memory while it loads [case 20]', 'load:eat', true, /^trial used \d+ bytes of memory/],
  ['ends by itself', 'load:leave', true, /^trial ended with 7$/],
  ['crashes', 'load:crash', true, /^trial ended with SIGSEGV$/],
  ['speaks another language', 'load:babble', true, /^trial sent a message of 4294967295 and/],
  ['is killed from outside [S7]', 'load:killed', false, /^trial ended with SIGKILL: from outside$/],
  ['is stopped from outside [S7]', 'load:stop', false, /^trial was stopped and gave no answer to 'load'/],
])(
  'each end has a reason and a culprit of its own: a process that %s',
  async (_, path, isOwnDoing, reason) => {
    const host = new ProcessModelHost({
      name: 'trial',
      program,
      memoryBytes: () => 256 * MEBIBYTE,
      watchdogMilliseconds: () => (/hang|stop/.test(path) ? 1_500 : 30_000),
    });
    await expect(host.load(specification(path))).rejects.toMatchObject({
      name: 'ModelError',
      kind: 'gone',
      isOwnDoing,
      message: expect.stringMatching(reason),
    });
  },
);

test('case 39: a run that takes too long for its release hangs, however long a load may take', async () => {
  const host = new ProcessModelHost({ program, watchdogMilliseconds: () => 60_000 });
  const model = await host.load({ ...specification('hang'), longestRunMilliseconds: 200 });
  expect((await model.run(image(1))).probabilities).toEqual([1]);
  await expect(model.run(image(13))).rejects.toMatchObject({ kind: 'gone', isOwnDoing: true });
  expect(await model.gone).toMatchObject({ isOwnDoing: true });
});

test('case 39: a run that waits for ever without computing hangs too', async () => {
  const host = new ProcessModelHost({ program, watchdogMilliseconds: () => 60_000 });
  const model = await host.load({ ...specification('sleep'), longestRunMilliseconds: 100 });
  await expect(model.run(image(13))).rejects.toMatchObject({
    isOwnDoing: true,
    message: expect.stringMatching(/^inference process gave no answer to 'run' within \d+ ms$/),
  });
});

test('case 41: a component that did not run itself, frozen or stopped, takes an answer that has come for an answer', async () => {
  const host = new ProcessModelHost({ program, watchdogMilliseconds: () => 60_000 });
  const model = await host.load({ ...specification('hang'), longestRunMilliseconds: 100 });
  const answer = model.run(image(7));
  // Nothing of this process runs, as in a container that is frozen, while the answer comes and the time passes.
  await new Promise((resolve) => setImmediate(resolve));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  expect((await answer).probabilities).toEqual([7]);
  await model.close();
});

test.each([
  ['killed', 'inference process ended with SIGKILL: from outside'],
  // A fault without work says nothing about what it was asked to do.
  ['crash', 'inference process ended with SIGSEGV while it waited'],
])('an end between two runs is told at once, and blames nobody: %s [S7]', async (act, message) => {
  const model = await new ProcessModelHost({ program }).load(specification(`later:${act}`));
  expect(await model.gone).toMatchObject({ kind: 'gone', message, isOwnDoing: false });
  await expect(model.run(image(1))).rejects.toMatchObject({ kind: 'gone', message });
});

test('runs are answered in order, and a close waits for the last one', async () => {
  const model = await new ProcessModelHost({ program }).load(specification('hang'));
  const runs = [3, 1, 2].map((level) => model.run(image(level)));
  const closed = model.close();
  expect((await Promise.all(runs)).map(({ probabilities }) => probabilities)).toEqual([[3], [1], [2]]);
  await closed;
  await expect(model.run(image(1))).rejects.toMatchObject({
    kind: 'gone',
    message: 'inference process is closed',
  });
});

describe('a prepared host', () => {
  /** A program that notes each of its starts in a file. */
  function noting(name: string, rest: string): { path: string; starts: () => number } {
    const path = join(folder, `${name}.cjs`);
    const notes = join(folder, `${name}.txt`);
    writeFileSync(notes, '');
    writeFileSync(path, `require('node:fs').appendFileSync(${JSON.stringify(notes)}, 'x');\n${rest}`);
    return { path, starts: () => readFileSync(notes, 'utf8').length };
  }

  test('has started what the next load uses, once', async () => {
    const { path, starts } = noting('prepared', PROGRAM);
    const host = new ProcessModelHost({ program: path });
    host.prepare();
    host.prepare();
    await waitFor('the start', () => starts() === 1);
    const first = await host.load(specification('hang'));
    expect(starts()).toBe(1);
    const second = await host.load(specification('hang'));
    expect(starts()).toBe(2);
    expect((await first.run(image(4))).probabilities).toEqual([4]);
    await Promise.all([first.close(), second.close()]);
  });

  test('starts again what has ended before the load', async () => {
    let starts = 0;
    const host = new ProcessModelHost({}, (): Child => {
      const lasts = ++starts > 1;
      let answer: (id: number) => void;
      return {
        send: (header) => answer((header as { id: number }).id),
        onMessage: (listener) => {
          answer = (id) => listener({ header: { id, ok: true }, body: Buffer.alloc(0) });
        },
        onProblem: (listener) => {
          if (!lasts) listener({ reason: 'failed: EAGAIN', isOwnDoing: false });
        },
        onEnd: () => undefined,
        isStopped: () => false,
        times: () => ({ monotonic: 0, worked: undefined }),
        kill: () => undefined,
      };
    });
    host.prepare();
    await expect(host.load(specification('hang'))).resolves.toBeDefined();
    expect(starts).toBe(2);
  });
});

test('[G3] what a child has worked is read once for each request that it answers in time', async () => {
  let looks = 0;
  let answer: (id: number) => void = () => undefined;
  const child: Child = {
    send: (header) => answer((header as { id: number }).id),
    onMessage: (listener) => {
      answer = (id) => listener({ header: { id, ok: true }, body: Buffer.alloc(0) });
    },
    onProblem: () => undefined,
    onEnd: () => undefined,
    isStopped: () => false,
    times: () => ({ monotonic: performance.now(), worked: ++looks }),
    kill: () => undefined,
  };
  const requests = new Requests('the child', child, () => 60_000);
  for (let frame = 0; frame < 3; frame++) await requests.request('run', {});
  expect(looks).toBe(3);
});

test('the memory of a process is what the kernel counts', () => {
  const { rss } = process.memoryUsage();
  expect(Math.abs(memoryOf(process.pid) - rss) / rss).toBeLessThan(0.2);
  expect(() => memoryOf(2 ** 22 + 1)).toThrow('ENOENT');
});
