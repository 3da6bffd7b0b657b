/**
 * The nucleus, over IPC: what the component asks of it and hears from it. Every call has a time limit, and after a lost
 * connection a new one is made until it stands.
 */
import { EventEmitter } from 'node:events';
import { type Log, MessageTooLarge } from '../ports';
import { Retry } from '../shared/retry';
import { CloudSubscriptions } from './cloud-subscriptions';
import { HandshakeRefusal, IpcClient, IpcRefusal } from './ipc-client';
import type { ConfigurationCheck, Nucleus, UpdateAnswer } from './ports';

/** Enough for a nucleus on a busy device; the component has to stop within seconds. */
const CALL_TIMEOUT_MILLISECONDS = 5_000;
const RECONNECT_MILLISECONDS = { first: 200, longest: 10_000 };
/**
 * Nucleus lite forgets its components when its IPC daemon is restarted, and refuses them from then on. A token is as good as
 * the process that it was given to, so a new process is needed; the nucleus starts one when this one ends.
 */
const REFUSALS_UNTIL_FORGOTTEN = 5;
/**
 * Nucleus lite takes IPC messages of 10,000 bytes and cuts the connection at a larger one, without a word
 * (GGL_IPC_MAX_MSG_LEN); the headers have some 120. The classic nucleus takes what AWS IoT takes.
 */
const LARGEST_LITE_REQUEST_BYTES = 9_800;
const AT_LEAST_ONCE = '1';

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

/** Variables that the nucleus gives every component. */
export interface IpcEnvironment {
  readonly AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: string;
  readonly SVCUID: string;
}

interface ConfigurationProposal {
  readonly validateConfigurationUpdateEvent?: {
    readonly configuration: unknown;
    readonly deploymentId: string;
  };
}

interface ComponentUpdatePolicyEvent {
  readonly preUpdateEvent?: { readonly deploymentId?: string };
}

interface CloudMessage {
  readonly message?: { readonly payload?: string };
}

export class NucleusIpc extends EventEmitter implements Nucleus {
  private client: IpcClient | undefined;
  private stopped = false;
  private readonly retry: Retry;
  private reconnecting = false;
  private refusedInARow = 0;
  /** Messages to the cloud that the nucleus has not answered. */
  private underWay = 0;
  private largestRequestBytes = Number.POSITIVE_INFINITY;
  private readonly notServed = new Set<string>();
  private readonly cloudSubscriptions: CloudSubscriptions;

  constructor(
    private readonly log: Log,
    private readonly checkConfiguration: ConfigurationCheck,
    private readonly answerTo: UpdateAnswer,
    random: () => number,
    private readonly environment: IpcEnvironment,
    /** For the answer to each call. */
    private readonly timeoutMilliseconds = CALL_TIMEOUT_MILLISECONDS,
  ) {
    super();
    this.retry = new Retry(RECONNECT_MILLISECONDS, random);
    this.cloudSubscriptions = new CloudSubscriptions(log, random);
  }

  get connected(): boolean {
    return this.client !== undefined;
  }

  get unserved(): readonly string[] {
    return [...this.notServed];
  }

  /** Connects and subscribes. @throws IpcCallError when the nucleus cannot be reached */
  async connect(): Promise<void> {
    const client = new IpcClient(this.timeoutMilliseconds);
    const { AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: socketPath, SVCUID } = this.environment;
    client.once('disconnection', () => this.disconnected(client));
    try {
      await named('connect', client.connect(socketPath, SVCUID));
      if (this.stopped) throw new Error('stopped');
      this.client = client;
      await this.subscribe(client);
    } catch (error) {
      this.client = undefined;
      client.close();
      throw error;
    }
    this.cloudSubscriptions.connected((topicName, onMessage) =>
      named(
        'SubscribeToIoTCore',
        client.subscribe<CloudMessage>('SubscribeToIoTCore', { topicName, qos: AT_LEAST_ONCE }, (event) =>
          onMessage(Buffer.from(event.message?.payload ?? '', 'base64')),
        ),
      ),
    );
    this.emit('connected');
  }

  async configuration(): Promise<unknown> {
    const { value } = await this.call<{ value?: unknown }>('GetConfiguration', { keyPath: [] });
    return value;
  }

  async reportRunning(): Promise<void> {
    await this.call('UpdateState', { state: 'RUNNING' });
  }

  async publishToCloud(topicName: string, payload: Buffer, retain = false): Promise<void> {
    const request = {
      topicName,
      qos: AT_LEAST_ONCE,
      payload: payload.toString('base64'),
      ...(retain && { retain }),
    };
    const bytes = Buffer.byteLength(JSON.stringify(request));
    this.requireRoomFor(bytes);
    const { client } = this;
    this.underWay++;
    try {
      await this.call('PublishToIoTCore', request);
      this.retry.succeeded();
    } catch (error) {
      if (client && client !== this.client && bytes > LARGEST_LITE_REQUEST_BYTES) this.learnLimit(bytes);
      throw error;
    } finally {
      this.underWay--;
    }
  }

  private requireRoomFor(bytes: number): void {
    if (bytes > this.largestRequestBytes) {
      throw new MessageTooLarge(`a request of ${bytes} bytes, the nucleus takes ${this.largestRequestBytes}`);
    }
  }

  /** The connection was lost under a message that nucleus lite would not take: from now on none of this size is tried. */
  private learnLimit(bytes: number): void {
    this.largestRequestBytes = LARGEST_LITE_REQUEST_BYTES;
    this.log.warn('messages are held to the size that nucleus lite takes', { bytes });
  }

  async publishLocally(topic: string, message: object): Promise<void> {
    await this.call('PublishToTopic', { topic, publishMessage: { jsonMessage: { message } } });
  }

  subscribeToCloud(topic: string, onMessage: (payload: Buffer) => void): () => void {
    return this.cloudSubscriptions.add(topic, onMessage);
  }

  close(): void {
    this.stopped = true;
    this.cloudSubscriptions.disconnected();
    this.retry.wake();
    this.client?.close();
    this.client = undefined;
  }

  private async subscribe(client: IpcClient): Promise<void> {
    const to = <Event>(operation: string, request: object, onEvent: (event: Event) => void): Promise<void> =>
      named(operation, client.subscribe<Event>(operation, request, onEvent));
    await to('SubscribeToConfigurationUpdate', { keyPath: [] }, () => this.emit('configuration'));
    await this.ifServed('SubscribeToValidateConfigurationUpdates', (operation) =>
      to<ConfigurationProposal>(operation, {}, ({ validateConfigurationUpdateEvent: event }) => {
        if (event) void this.answerProposal(event.configuration, event.deploymentId);
      }),
    );
    await this.ifServed('SubscribeToComponentUpdates', (operation) =>
      to<ComponentUpdatePolicyEvent>(operation, {}, ({ preUpdateEvent: event }) => {
        if (event?.deploymentId) void this.answerUpdate(event.deploymentId);
      }),
    );
  }

  /** Nucleus lite asks no component anything, so it refuses to be subscribed to for it. */
  private async ifServed(operation: string, subscribe: (operation: string) => Promise<void>): Promise<void> {
    try {
      await subscribe(operation);
    } catch (error) {
      if (!(error instanceof IpcCallError && error.code !== undefined)) throw error;
      if (!this.notServed.has(operation)) this.log.warn('not served', { error: error.message });
      this.notServed.add(operation);
    }
  }

  /** Silence would agree as well, but only after the deployment's whole time for questions. */
  private async answerUpdate(deploymentId: string): Promise<void> {
    const recheckAfterMs = this.answerTo(deploymentId);
    if (recheckAfterMs > 0) this.log.info('update deferred', { deploymentId, recheckAfterMs });
    try {
      await this.call('DeferComponentUpdate', {
        deploymentId,
        recheckAfterMs,
        ...(recheckAfterMs > 0 && { message: 'parts are being inspected' }),
      });
    } catch (error) {
      this.log.warn('update not answered', { error: (error as Error).message });
    }
  }

  /** A rejected configuration fails its deployment before anything changes on the device. */
  private async answerProposal(configuration: unknown, deploymentId: string): Promise<void> {
    const problems = this.checkConfiguration(configuration);
    const status = problems.length > 0 ? 'REJECTED' : 'ACCEPTED';
    try {
      await this.call('SendConfigurationValidityReport', {
        configurationValidityReport: {
          status,
          deploymentId,
          ...(problems.length > 0 && { message: problems.join('; ') }),
        },
      });
    } catch (error) {
      this.log.warn('configuration report not sent', { error: (error as Error).message });
    }
  }

  private call<Response>(operation: string, request: object): Promise<Response> {
    if (!this.client)
      return Promise.reject(new IpcCallError(operation, new Error('not connected to the nucleus')));
    return named(operation, this.client.call<Response>(operation, request));
  }

  private disconnected(client: IpcClient): void {
    if (this.client !== client) return;
    this.client = undefined;
    this.cloudSubscriptions.disconnected();
    // Lost while it was being made: the loop that makes it goes on.
    if (this.stopped || this.reconnecting) return;
    // Lost under a message to the cloud, which will be sent again: it may be the message, so each time it comes later.
    if (this.underWay === 0) this.retry.succeeded();
    this.log.warn('connection to the nucleus lost');
    void this.reconnect();
  }

  private async reconnect(): Promise<void> {
    this.reconnecting = true;
    while (!this.stopped && !this.connected) {
      const isFirst = this.retry.failed();
      await this.retry.backOff();
      if (!this.stopped) await this.tryAgain(isFirst);
    }
    this.reconnecting = false;
  }

  private async tryAgain(isFirst: boolean): Promise<void> {
    try {
      await this.connect();
      this.refusedInARow = 0;
      this.log.info('connected to the nucleus again');
    } catch (error) {
      this.countRefusal((error as Error).cause);
      if (isFirst) this.log.warn('reconnect', { error: (error as Error).message });
    }
  }

  private countRefusal(cause: unknown): void {
    this.refusedInARow = cause instanceof HandshakeRefusal ? this.refusedInARow + 1 : 0;
    if (this.refusedInARow === REFUSALS_UNTIL_FORGOTTEN) this.emit('forgotten');
  }
}

/** Says which operation failed. */
async function named<Response>(operation: string, response: Promise<Response>): Promise<Response> {
  try {
    return await response;
  } catch (error) {
    throw new IpcCallError(operation, error, error instanceof IpcRefusal ? error.code : undefined);
  }
}
