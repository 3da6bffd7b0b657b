/** Against a real Modbus TCP server, and against servers that are none. */
import { createServer, type Server, type Socket } from 'node:net';
import { ModbusTCPServer } from 'jsmodbus';
import type { InferenceResult } from '../../../../contracts';
import {
  type ModbusDecisionOutput,
  modbusDecisionOutput,
} from '../../../../edge-components/inference/src/decisions/modbus-decision-output';
import type { DecidingRelease } from '../../../../edge-components/inference/src/ports';
import { fakeTimeouts } from '../../fake-timeouts';
import { waitFor } from '../../wait-for';

const RELEASE = {
  classes: ['good', 'scratch'],
  counter: 65_541,
  dispositionPolicy: {
    codes: { good: 7, scratch: 4 },
    classes: { good: 'pass', scratch: 'reject' },
    novel: 'review',
  },
} as const satisfies DecidingRelease;
/** The release's counter in two registers. */
const BY = [1, 5];
const PASS = 0x5555;
const REJECT = 0xaaaa;
const REVIEW = 0x3333;
const REGISTER = 10;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const decision = (predictedClass: string): InferenceResult =>
  ({
    status: 'ok',
    predictedClass,
    disposition: predictedClass === 'good' ? 'pass' : 'reject',
  }) as InferenceResult;

/** A listening TCP server that can be taken away with all its connections. */
class Listener {
  readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  port = 0;

  constructor(private readonly serve: (server: Server) => void) {}

  async start(): Promise<this> {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
      // What nobody reads would hide the end behind it.
      socket.resume();
    });
    this.serve(this.server);
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as { port: number }).port;
    return this;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/** A controller: its registers, and every write that it took. */
class Controller extends Listener {
  readonly holding = Buffer.alloc(64);
  readonly writes: number[][] = [];
  /** Answers that are kept back, while they are. */
  private held: (() => void)[] | undefined;

  constructor() {
    super((server) => {
      const modbus = new ModbusTCPServer(server, { holding: this.holding });
      // Emitted twice per write, once with the buffer alone.
      modbus.on('postWriteMultipleRegisters', (_: unknown, answer?: unknown) => {
        if (answer) this.writes.push(this.registers());
      });
      server.on('connection', (socket) => this.holdAnswers(socket));
    });
  }

  /** Writes that were answers for a part. */
  get answers(): number[][] {
    return this.writes.filter(([disposition]) => disposition !== 0);
  }

  registers(): number[] {
    return [0, 1, 2, 3, 4, 5].map((offset) => this.holding.readUInt16BE((REGISTER + offset) * 2));
  }

  hold(): void {
    this.held = [];
  }

  release(): void {
    const { held = [] } = this;
    this.held = undefined;
    for (const answer of held) answer();
  }

  private holdAnswers(socket: Socket): void {
    const write = socket.write.bind(socket) as (data: Buffer) => boolean;
    socket.write = ((data: Buffer) => {
      if (this.held) this.held.push(() => write(data));
      else write(data);
      return true;
    }) as Socket['write'];
  }
}

const outputs: ModbusDecisionOutput[] = [];
const listeners: Listener[] = [];
afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(outputs.splice(0).map((output) => output.close()));
  await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
});

/** Its clock stands still, so that no decision gets old on a busy machine. */
function outputTo(port: number, more: object = {}, monotonic = () => 0): ModbusDecisionOutput {
  const output = modbusDecisionOutput(
    { type: 'modbus-tcp', host: '127.0.0.1', port, register: REGISTER, ...more },
    { log: silent, clock: { now: () => 0, monotonic }, random: () => 0 },
  );
  outputs.push(output);
  return output;
}

async function listening<L extends Listener>(listener: L): Promise<L> {
  listeners.push(listener);
  await listener.start();
  return listener;
}

const connected = (output: ModbusDecisionOutput): Promise<true> =>
  waitFor('a connection', () => output.problem() === undefined);

test('[B13] a decision is in its registers, and no other register is touched', async () => {
  const controller = await listening(new Controller());
  const output = outputTo(controller.port);
  expect(output.problem()).toMatch(/not connected yet/);
  output.write(decision('scratch'), RELEASE);
  await waitFor('the registers', () => output.counts.written === 1);
  expect(controller.registers()).toEqual([REJECT, 1, 4, 1, ...BY]);
  output.write({ status: 'invalid' } as InferenceResult, RELEASE);
  await waitFor('the registers', () => output.counts.written === 2);
  expect(controller.registers()).toEqual([REVIEW, 2, 0, 3, ...BY]);
  const others = Buffer.from(controller.holding).fill(0, REGISTER * 2, REGISTER * 2 + 14);
  expect(others.every((byte) => byte === 0)).toBe(true);
  expect(output.problem()).toBeUndefined();
});

test('while a write is under way the newest decision waits; the ones before it are superseded and still counted', async () => {
  // A busy machine is no controller that does not answer.
  fakeTimeouts();
  const controller = await listening(new Controller());
  const output = outputTo(controller.port);
  await connected(output);
  output.write(decision('good'), RELEASE);
  await waitFor('an answer', () => output.counts.written === 1);
  controller.hold();
  output.write(decision('good'), RELEASE);
  await waitFor('a write that is held', () => controller.answers.length === 2);
  for (let part = 0; part < 5; part++) output.write(decision('good'), RELEASE);
  output.write(decision('scratch'), RELEASE);
  controller.release();
  await waitFor('the newest decision', () => output.counts.written === 3);
  expect(controller.answers).toEqual([
    [PASS, 1, 7, 1, ...BY],
    [PASS, 2, 7, 1, ...BY],
    [REJECT, 8, 4, 1, ...BY],
  ]);
  expect(output.counts).toEqual({ written: 3, superseded: 5, expired: 0 });
});

test('case 29: a controller that is down at the start gets the first decision after it came up', async () => {
  const controller = await listening(new Controller());
  await controller.stop();
  const output = outputTo(controller.port);
  await waitFor('a failure', () => output.problem()?.includes('ECONNREFUSED'));
  expect(output.problem()).toMatch(/^modbus-tcp 127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  await controller.start();
  await connected(output);
  output.write(decision('good'), RELEASE);
  await waitFor('the registers', () => output.counts.written === 1);
  expect(controller.registers()).toEqual([PASS, 1, 7, 1, ...BY]);
});

test('case 29: a controller that goes away in between is found again; what was decided long before is not written late', async () => {
  let time = 0;
  const controller = await listening(new Controller());
  const output = outputTo(controller.port, {}, () => time);
  output.write(decision('good'), RELEASE);
  await waitFor('the first write', () => output.counts.written === 1);
  await controller.stop();
  await waitFor('a problem', () => output.problem() !== undefined);
  output.write(decision('scratch'), RELEASE);
  output.write(decision('good'), RELEASE);
  time += 10_000;
  await controller.start();
  await connected(output);
  await waitFor('the end of the old decision', () => output.counts.expired === 1);
  output.write(decision('scratch'), RELEASE);
  await waitFor('the new decision', () => output.counts.written === 2);
  expect(controller.answers).toEqual([
    [PASS, 1, 7, 1, ...BY],
    [REJECT, 4, 4, 1, ...BY],
  ]);
  expect(output.counts).toEqual({ written: 2, superseded: 1, expired: 1 });
});

test('a decision whose write was cut off is written again when the connection comes back in time', async () => {
  const controller = await listening(new Controller());
  const output = outputTo(controller.port);
  output.write(decision('good'), RELEASE);
  await waitFor('an answer', () => output.counts.written === 1);
  controller.hold();
  output.write(decision('scratch'), RELEASE);
  await waitFor('a write without an answer', () => controller.answers.length === 2);
  for (const socket of controller.sockets) socket.destroy();
  controller.release();
  await waitFor('the answer', () => output.counts.written === 2);
  expect(controller.answers.slice(1)).toEqual([
    [REJECT, 2, 4, 1, ...BY],
    [REJECT, 2, 4, 1, ...BY],
  ]);
});

test('a server that never answers is a problem that connecting to it again does not hide', async () => {
  const mute = await listening(new Listener(() => undefined));
  const output = outputTo(mute.port);
  await connected(output);
  output.write(decision('good'), RELEASE);
  await waitFor('the end of the wait', () => output.problem()?.includes('no answer within 1000 ms'));
  await waitFor('another connection', () => mute.sockets.size === 1 && output.problem() !== undefined);
  expect(output.problem()).toMatch(/no answer within 1000 ms/);
  expect(output.counts.written).toBe(0);
});

test('a server that answers something else is a problem, and no crash', async () => {
  const nonsense = await listening(
    new Listener((server) =>
      server.on('connection', (socket) =>
        socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
      ),
    ),
  );
  const output = outputTo(nonsense.port);
  output.write(decision('good'), RELEASE);
  await waitFor('a problem', () => output.problem()?.match(/no answer|match|protocol/i));
  expect(output.counts.written).toBe(0);
});

test('registers that the controller does not have are named as refused', async () => {
  const controller = await listening(new Controller());
  const output = outputTo(controller.port, { register: 40_000 });
  output.write(decision('good'), RELEASE);
  await waitFor('the refusal', () => output.problem()?.match(/exception/i));
  expect(output.counts.written).toBe(0);
});

test('closing ends a connection, a silent write and an attempt to connect, and takes the last decision along', async () => {
  const controller = await listening(new Controller());
  const mute = await listening(new Listener(() => undefined));
  const working = outputTo(controller.port, {}, () => performance.now());
  const waiting = outputTo(mute.port);
  const failing = outputTo(1);
  await Promise.all([connected(working), connected(waiting)]);
  await waitFor('a refused connection', () => failing.problem()?.includes('ECONNREFUSED'));
  waiting.write(decision('good'), RELEASE);
  working.write(decision('scratch'), RELEASE);
  await Promise.all([working.close(), waiting.close(), failing.close()]);
  expect(controller.answers).toEqual([[REJECT, 1, 4, 1, ...BY]]);
  // Nobody writes any more: what stays in the register must let nothing pass.
  expect(controller.registers()).toEqual([0, 1, 0, 0, ...BY]);
  await waitFor('closed connections', () => controller.sockets.size === 0 && mute.sockets.size === 0);
  working.write(decision('good'), RELEASE);
  expect(working.counts.written).toBe(1);
});

test('[B13] what a controller holds from before a connection is no answer any more: it is taken back first', async () => {
  const controller = await listening(new Controller());
  const first = outputTo(controller.port);
  first.write(decision('good'), RELEASE);
  await waitFor('the answer', () => first.counts.written === 1);
  for (const socket of controller.sockets) socket.destroy();
  await waitFor('no answer in the register', () => controller.registers()[0] === 0);
  expect(controller.registers()).toEqual([0, 1, 0, 0, ...BY]);
  // As after a kill: a component that starts knows of no part.
  controller.holding.writeUInt16BE(PASS, REGISTER * 2);
  outputTo(controller.port);
  await waitFor('no answer in the register', () => controller.registers()[0] === 0);
});

test('[B13] an answer is taken back when its part has gone, and the beat goes on', async () => {
  let time = 0;
  const controller = await listening(new Controller());
  const output = outputTo(controller.port, { holdMilliseconds: 50 }, () => time);
  output.write(decision('good'), RELEASE);
  await waitFor('the answer', () => output.counts.written === 1);
  const beat = (): number => controller.holding.readUInt16BE((REGISTER + 6) * 2);
  const before = beat();
  time += 50;
  await waitFor('no answer in the register', () => controller.registers()[0] === 0);
  expect(controller.registers()).toEqual([0, 1, 0, 0, ...BY]);
  expect(beat()).toBe(before + 1);
});

test('[S10] a second opinion is written for the part that is there, under the same count, and for no other', async () => {
  const controller = await listening(new Controller());
  const output = outputTo(controller.port);
  await connected(output);
  const part = (recordId: string, disposition: 'review' | 'reject') => ({
    ...decision('scratch'),
    recordId,
    disposition,
  });
  output.write(part('a', 'review'), RELEASE);
  await waitFor('the first answer', () => controller.answers.length === 1);
  expect(output.revise(part('a', 'reject'), RELEASE)).toBe(true);
  await waitFor('the second answer', () => controller.answers.length === 2);
  const [[, count = -1] = [], [, again] = []] = controller.answers;
  expect(controller.answers).toEqual([
    [REVIEW, count, 4, 1, ...BY],
    [REJECT, again, 4, 1, ...BY],
  ]);
  expect(again).toBe(count);
  output.write(part('b', 'review'), RELEASE);
  expect(output.revise(part('a', 'reject'), RELEASE)).toBe(false);
});
