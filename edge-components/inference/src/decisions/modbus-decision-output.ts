/**
 * Decisions to a controller on the line: Modbus TCP, function 16, seven holding registers.
 *
 * - One write at a time. While it is under way the newest decision waits and the ones before it are superseded: the line
 *   needs the part that is there now. The count in the second register still tells how many decisions there were.
 * - What is shown when, and when it is taken back, is the display's to say (decisions/decision-display.ts). Without an
 *   answer the controller can do what is safe.
 * - The connection is kept up while there is nothing to write, so that the first part after an outage gets its answer.
 */
import { connect, type Socket } from 'node:net';
import type { ModbusTCPClient, UserRequestError } from 'jsmodbus';
import type { DecisionOutputConfiguration, InferenceResult } from '../../../../contracts';
import type { Clock, DecidingRelease, DecisionOutput, Log } from '../ports';
import { InterruptibleWait } from '../shared/interruptible-wait';
import { Retry } from '../shared/retry';
import { within } from '../shared/within';
import { type DecisionCounts, DecisionDisplay } from './decision-display';
import {
  type DecisionRegisters,
  decisionRegisters,
  REGISTER_VALUES,
  registerValues,
} from './decision-registers';

const DEFAULT_PORT = 502;
const DEFAULT_UNIT = 1;
/** A controller on the same network answers within a cycle of some 10 ms. */
const ANSWER_MILLISECONDS = 1_000;
const CONNECT_MILLISECONDS = 2_000;
const DEFAULT_HOLD_MILLISECONDS = 2_000;
const RECONNECT_MILLISECONDS = { first: 100, longest: 5_000 };
/** Silence after which the operating system asks whether the other side is still there. */
const KEEP_ALIVE = 5_000;
/** Of the second that closing may take. */
const LAST_WRITE_MILLISECONDS = 500;
/** Until there is a connection only the end wakes the loop up: any long time will do. */
const IDLE_MILLISECONDS = 60_000;

export interface ModbusPorts {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface ModbusDecisionOutput extends DecisionOutput {
  readonly counts: DecisionCounts;
}

/** Connects at once and for ever, until it is closed. */
export function modbusDecisionOutput(
  configuration: DecisionOutputConfiguration,
  ports: ModbusPorts,
): ModbusDecisionOutput {
  const writer = new RegisterWriter(configuration, ports);
  writer.start();
  return writer;
}

class RegisterWriter implements ModbusDecisionOutput {
  private readonly display: DecisionDisplay;
  private readonly name: string;
  /** Woken by a decision, a closed connection and the end. */
  private readonly news = new InterruptibleWait();
  /** Woken by the end only: decisions come faster than a controller that is gone should be asked for. */
  private readonly retry: Retry;
  /** Starts anywhere, so that a controller sees a change also when every start of the component decides one part only. */
  private count: number;
  /** Of the part that was written last. */
  private latest: string | undefined;
  private beat = 0;
  private socket: Socket | undefined;
  private running: Promise<void> = Promise.resolve();
  private closing = false;
  private connectionProblem: string | undefined;
  /** Stays until a write succeeds: that a controller can be reached does not mean that it takes what is written. */
  private writeProblem: string | undefined;

  constructor(
    private readonly configuration: DecisionOutputConfiguration,
    private readonly ports: ModbusPorts,
  ) {
    this.name = `modbus-tcp ${configuration.host}:${configuration.port ?? DEFAULT_PORT}`;
    this.retry = new Retry(RECONNECT_MILLISECONDS, ports.random);
    this.display = new DecisionDisplay(configuration.holdMilliseconds ?? DEFAULT_HOLD_MILLISECONDS);
    this.count = Math.floor(ports.random() * REGISTER_VALUES);
    this.connectionProblem = 'not connected yet';
  }

  get counts(): DecisionCounts {
    return this.display.counts;
  }

  start(): void {
    this.running = this.run();
  }

  write(result: InferenceResult, release: DecidingRelease): void {
    if (this.closing) return;
    this.count = (this.count + 1) % REGISTER_VALUES;
    this.latest = result.recordId;
    this.display.decide(decisionRegisters(this.count, result, release), this.ports.clock.monotonic());
    this.news.wake();
  }

  revise(result: InferenceResult, release: DecidingRelease): boolean {
    // The registers speak of the newest part only.
    if (this.closing || result.recordId !== this.latest) return false;
    const registers = decisionRegisters(this.count, result, release);
    const isShown = this.display.revise(registers, this.ports.clock.monotonic());
    if (isShown) this.news.wake();
    return isShown;
  }

  problem(): string | undefined {
    const problem = this.connectionProblem ?? this.writeProblem;
    return problem && `${this.name}: ${problem}`;
  }

  async close(): Promise<void> {
    this.closing = true;
    this.display.close();
    this.news.wake();
    this.retry.wake();
    await within(LAST_WRITE_MILLISECONDS, this.running, () => undefined);
    this.socket?.destroy();
  }

  private async run(): Promise<void> {
    const { clock } = this.ports;
    while (!this.closing) {
      const startedAt = clock.monotonic();
      const reason = await this.serveOneConnection();
      this.socket?.destroy();
      if (this.closing) return;
      // A controller that closes idle connections is not out of order.
      if (clock.monotonic() - startedAt > RECONNECT_MILLISECONDS.longest) this.retry.succeeded();
      this.failed(reason);
      await this.retry.backOff();
    }
  }

  /** Connects and writes what comes, until the connection ends or has to; answers why. */
  private async serveOneConnection(): Promise<string> {
    const { host, port = DEFAULT_PORT, unitId = DEFAULT_UNIT } = this.configuration;
    // Not with this file: most devices have no controller, and a start that loads it takes some milliseconds longer.
    const { ModbusTCPClient } = await import('jsmodbus');
    if (this.closing) return 'closed';
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE });
    this.socket = socket;
    // The client learns from the socket's event that it is online: it has to be there before.
    const client = new ModbusTCPClient(socket, unitId, ANSWER_MILLISECONDS);
    let ended: string | undefined;
    socket.once('error', ({ message }) => {
      ended ??= message;
    });
    socket.once('close', () => {
      ended ??= 'the controller closed the connection';
      this.news.wake();
    });
    socket.once('connect', () => {
      this.connectionProblem = undefined;
      this.display.connected();
      this.news.wake();
    });
    const decided = new Promise<void>((resolve) =>
      socket.once('connect', resolve).once('close', () => resolve()),
    );
    void within(CONNECT_MILLISECONDS, decided, () => {
      socket.destroy(new Error(`no connection within ${CONNECT_MILLISECONDS} ms`));
    });
    return this.writeUntil(() => ended, socket, client);
  }

  private async writeUntil(
    ended: () => string | undefined,
    socket: Socket,
    client: ModbusTCPClient,
  ): Promise<string> {
    const { clock } = this.ports;
    for (;;) {
      const reason = ended();
      if (reason !== undefined) return reason;
      if (socket.connecting) {
        await this.news.pause(IDLE_MILLISECONDS);
        continue;
      }
      const next = this.display.next(clock.monotonic());
      if (!next) {
        if (this.display.isDone) return 'closed';
        await this.news.pause(this.display.wait(clock.monotonic()));
        continue;
      }
      const problem = await this.writeRegisters(client, next);
      // After a failure nobody knows which answer belongs to which write: only a new connection does.
      if (problem !== undefined) return ended() ?? problem;
    }
  }

  /** Answers what went wrong. */
  private async writeRegisters(
    client: ModbusTCPClient,
    registers: DecisionRegisters,
  ): Promise<string | undefined> {
    this.beat = (this.beat + 1) % REGISTER_VALUES;
    try {
      await client.writeMultipleRegisters(this.configuration.register, [
        ...registerValues(registers, this.beat),
      ]);
    } catch (error) {
      this.display.failed();
      const { err, message } = error as UserRequestError<never, never>;
      if (err === 'Offline') return message;
      this.writeProblem = err === 'Timeout' ? `no answer within ${ANSWER_MILLISECONDS} ms` : message;
      return this.writeProblem;
    }
    this.display.written(this.ports.clock.monotonic());
    this.writeProblem = undefined;
    if (this.retry.succeeded() > 0) this.ports.log.info('decision output works again', { to: this.name });
    return undefined;
  }

  private failed(reason: string): void {
    this.connectionProblem = reason;
    if (this.retry.failed()) this.ports.log.warn('decision output failed', { to: this.name, reason });
  }
}
