/**
 * The nucleus, over IPC. What the client of the SDK leaves to its user (tried): calls in flight never settle when the
 * connection drops, connecting to a silent server never ends, and nothing reconnects. So every call has a time limit, a
 * lost connection fails the calls in flight, and a new client is made until one connects.
 */
import { EventEmitter } from 'node:events';
import './client-stream-repair';
import { greengrasscoreipc } from 'aws-iot-device-sdk-v2';
import { backoffMilliseconds } from '../domain/backoff';
import type { Log, Publisher } from '../ports';
import { restoreCrashSignals } from './crash-signals';

/** Enough for a nucleus on a busy device; the component has to stop within seconds. */
const CALL_TIMEOUT_MILLISECONDS = 5_000;
const RECONNECT = { first: 200, longest: 10_000 };

type Client = ReturnType<typeof greengrasscoreipc.createClient>;
const { model } = greengrasscoreipc as unknown as {
  model: typeof import('aws-iot-device-sdk-v2/dist/greengrasscoreipc/model');
};

restoreCrashSignals();

/** Judges a configuration that a deployment wants to bring; the problems, or none. */
export type ConfigurationJudge = (configuration: unknown) => readonly string[];

/**
 * For how long an update that may restart the component has to wait, in milliseconds; 0 lets it go ahead.
 * Asked again after that time, with the same deployment.
 */
export type UpdateJudge = (deploymentId: string) => number;

/** A call failed, or was not answered in time. `code` is the shape of the IPC model, when the nucleus gave one. */
export class IpcCallError extends Error {
  override readonly name = 'IpcCallError';
  constructor(
    operation: string,
    cause: unknown,
    readonly code?: string,
  ) {
    super(`${operation}: ${code ? `${code}: ` : ''}${(cause as Error)?.message ?? String(cause)}`, { cause });
  }
}

/** Emits `connected` (every time) and `configuration` (the configuration may have changed). */
export class NucleusIpc extends EventEmitter implements Publisher {
  private client: Client | undefined;
  private lost: AbortController = new AbortController();
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private attempts = 0;

  constructor(
    private readonly log: Log,
    private readonly judge: ConfigurationJudge,
    private readonly judgeUpdate: UpdateJudge,
    private readonly random: () => number,
  ) {
    super();
  }

  get connected(): boolean {
    return this.client !== undefined;
  }

  /** Connects and subscribes. @throws IpcCallError when the nucleus cannot be reached */
  async connect(): Promise<void> {
    const client = greengrasscoreipc.createClient();
    const lost = new AbortController();
    client.on('disconnection', () => this.disconnected(client));
    try {
      await this.limited('connect', client.connect(), lost.signal);
      if (this.stopped) throw new Error('stopped');
      this.client = client;
      this.lost = lost;
      await this.subscribe(client);
    } catch (error) {
      this.client = undefined;
      await this.closeQuietly(client);
      throw error;
    }
    this.attempts = 0;
    this.emit('connected');
  }

  /** The component's whole configuration. */
  async configuration(): Promise<unknown> {
    const response = await this.call('GetConfiguration', (client) =>
      client.getConfiguration({ keyPath: [] }),
    );
    return response.value;
  }

  async reportRunning(): Promise<void> {
    await this.call('UpdateState', (client) =>
      client.updateState({ state: model.ReportedLifecycleState.RUNNING }),
    );
  }

  async publishToCloud(topicName: string, payload: Buffer, retain = false): Promise<void> {
    await this.call('PublishToIoTCore', (client) =>
      client.publishToIoTCore({
        topicName,
        qos: model.QOS.AT_LEAST_ONCE,
        payload,
        ...(retain && { retain }),
      }),
    );
  }

  async publishLocally(topic: string, message: object): Promise<void> {
    await this.call('PublishToTopic', (client) =>
      client.publishToTopic({ topic, publishMessage: { jsonMessage: { message } } }),
    );
  }

  async close(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const { client } = this;
    this.client = undefined;
    this.lost.abort();
    if (client) await this.closeQuietly(client);
  }

  private async subscribe(client: Client): Promise<void> {
    const updates = client.subscribeToConfigurationUpdate({ keyPath: [] });
    updates.on('message', () => this.emit('configuration'));
    await this.limited('SubscribeToConfigurationUpdate', updates.activate(), this.lost.signal);

    const proposals = client.subscribeToValidateConfigurationUpdates({});
    proposals.on('message', ({ validateConfigurationUpdateEvent: event }) => {
      if (event) void this.answerProposal(event.configuration, event.deploymentId);
    });
    await this.limited('SubscribeToValidateConfigurationUpdates', proposals.activate(), this.lost.signal);

    const componentUpdates = client.subscribeToComponentUpdates({});
    componentUpdates.on('message', ({ preUpdateEvent: event }) => {
      if (event?.deploymentId) void this.answerUpdate(event.deploymentId);
    });
    await this.limited('SubscribeToComponentUpdates', componentUpdates.activate(), this.lost.signal);
  }

  /** Silence would agree as well, but only after the deployment's whole time for questions. */
  private async answerUpdate(deploymentId: string): Promise<void> {
    const recheckAfterMs = this.judgeUpdate(deploymentId);
    if (recheckAfterMs > 0) this.log.info('update deferred', { deploymentId, recheckAfterMs });
    try {
      await this.call('DeferComponentUpdate', (client) =>
        client.deferComponentUpdate({
          deploymentId,
          recheckAfterMs,
          ...(recheckAfterMs > 0 && { message: 'parts are being inspected' }),
        }),
      );
    } catch (error) {
      this.log.warn('update not answered', { error: (error as Error).message });
    }
  }

  /** A rejected configuration fails its deployment before anything changes on the device. */
  private async answerProposal(configuration: unknown, deploymentId: string): Promise<void> {
    const problems = this.judge(configuration);
    const status = problems.length > 0 ? 'REJECTED' : 'ACCEPTED';
    try {
      await this.call('SendConfigurationValidityReport', (client) =>
        client.sendConfigurationValidityReport({
          configurationValidityReport: {
            status: status as never,
            deploymentId,
            ...(problems.length > 0 && { message: problems.join('; ') }),
          },
        }),
      );
    } catch (error) {
      this.log.warn('configuration report not sent', { error: (error as Error).message });
    }
  }

  private call<Response>(operation: string, send: (client: Client) => Promise<Response>): Promise<Response> {
    if (!this.client)
      return Promise.reject(new IpcCallError(operation, new Error('not connected to the nucleus')));
    return this.limited(operation, send(this.client), this.lost.signal);
  }

  private async limited<Response>(
    operation: string,
    response: Promise<Response>,
    lost: AbortSignal,
  ): Promise<Response> {
    let timer: NodeJS.Timeout | undefined;
    let onLost: (() => void) | undefined;
    const end = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no answer within ${CALL_TIMEOUT_MILLISECONDS} ms`)),
        CALL_TIMEOUT_MILLISECONDS,
      );
      onLost = () => reject(new Error('the connection to the nucleus was lost'));
      lost.addEventListener('abort', onLost);
    });
    try {
      return await Promise.race([response, end]);
    } catch (error) {
      // The JS client keeps no shape name of a modelled error: the code is in the body.
      const modelled = (error as { serviceError?: { _errorCode?: string } }).serviceError;
      throw new IpcCallError(operation, error, modelled?._errorCode);
    } finally {
      clearTimeout(timer);
      if (onLost) lost.removeEventListener('abort', onLost);
      response.catch(() => undefined);
    }
  }

  private disconnected(client: Client): void {
    if (this.client !== client) return;
    this.client = undefined;
    this.lost.abort();
    void this.closeQuietly(client);
    if (this.stopped) return;
    this.log.warn('connection to the nucleus lost');
    this.reconnectLater();
  }

  private reconnectLater(): void {
    this.attempts++;
    this.timer = setTimeout(
      async () => {
        try {
          await this.connect();
          this.log.info('connected to the nucleus again');
        } catch (error) {
          if (this.attempts === 1) this.log.warn('reconnect', { error: (error as Error).message });
          if (!this.stopped) this.reconnectLater();
        }
      },
      backoffMilliseconds(this.attempts, RECONNECT, this.random),
    );
  }

  private async closeQuietly(client: Client): Promise<void> {
    await Promise.race([
      client.close().catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, 500).unref()),
    ]);
  }
}
