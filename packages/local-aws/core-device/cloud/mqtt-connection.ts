/**
 * The device's MQTT connection to AWS IoT Core: mutual TLS, client id = thing name, connects again for ever.
 * Every attempt is a new client, so that nothing half sent is repeated behind the back of whoever waited for it.
 */
import { EventEmitter } from 'node:events';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { messageOf } from '../event-log';
import { topicMatches } from '../ipc/topic-filter';
import { type Network, OfflineError } from './network';

/** First and longest wait between attempts; the real wait is random below it, so that a fleet does not return at once. */
const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT_MILLISECONDS = 30_000;
const CONNECT_TIMEOUT_MILLISECONDS = 10_000;
const ACKNOWLEDGE_TIMEOUT_MILLISECONDS = 15_000;
const KEEP_ALIVE_SECONDS = 30;

type Listener = (topic: string, payload: Buffer) => void;

export interface MqttConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  readonly ca: Buffer;
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  readonly network: Network;
  readonly random?: () => number;
}

/** Emits `connected` when every subscription is in place again, `disconnected` with the reason. */
export class MqttConnection extends EventEmitter<{ connected: []; disconnected: [string] }> {
  private readonly subscriptions = new Set<{ filter: string; qos: 0 | 1; listener: Listener }>();
  private client: MqttClient | undefined;
  private ready = false;
  private stopped = false;
  private attempts = 0;
  private timer: NodeJS.Timeout | undefined;
  private lost = new AbortController();

  constructor(private readonly options: MqttConnectionOptions) {
    super();
    options.network.on('cut', () => this.drop('the network was cut'));
    options.network.on('restored', () => {
      this.attempts = 0;
      this.connect();
    });
  }

  get isConnected(): boolean {
    return this.ready;
  }

  connect(): void {
    if (this.stopped || this.client || !this.options.network.isUp) return;
    clearTimeout(this.timer);
    const { host, port, clientId, ca, certificate, privateKey } = this.options;
    const settings: IClientOptions = {
      clientId,
      ca,
      cert: certificate,
      key: privateKey,
      protocolVersion: 5,
      clean: true,
      keepalive: KEEP_ALIVE_SECONDS,
      connectTimeout: CONNECT_TIMEOUT_MILLISECONDS,
      reconnectPeriod: 0,
      queueQoSZero: false,
      resubscribe: false,
    };
    const client = mqtt.connect(`mqtts://${host}:${port}`, settings);
    let reason = 'the connection was closed';
    this.client = client;
    client.on('error', (error) => {
      reason = error.message;
    });
    client.on('disconnect', (packet) => {
      reason = `disconnected by the broker, reason code ${packet.reasonCode}`;
    });
    client.on('message', (topic, payload) => this.deliver(topic, payload));
    client.on('connect', () => this.resubscribe(client));
    client.on('close', () => {
      if (this.client === client) this.drop(reason);
    });
  }

  /** Resolves after the PUBACK for QoS 1. @throws OfflineError, Error when refused or unanswered */
  async publish(topic: string, payload: Buffer | string, qos: 0 | 1, retain = false): Promise<void> {
    const client = this.requireClient();
    await this.answered(client.publishAsync(topic, payload, { qos, retain }));
  }

  /** Resolves after the SUBACK; stays across connections. @returns ends the subscription. @throws as publish */
  async subscribe(filter: string, qos: 0 | 1, listener: Listener): Promise<() => void> {
    const client = this.requireClient();
    const entry = { filter, qos, listener };
    const isNew = ![...this.subscriptions].some((other) => other.filter === filter);
    this.subscriptions.add(entry);
    try {
      if (isNew) await this.answered(client.subscribeAsync(filter, { qos }));
    } catch (error) {
      this.subscriptions.delete(entry);
      throw error;
    }
    return () => this.unsubscribe(entry);
  }

  /** Subscribes now when connected and with every later connection. */
  keepSubscribed(filter: string, qos: 0 | 1, listener: Listener): void {
    this.subscriptions.add({ filter, qos, listener });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const { client } = this;
    this.client = undefined;
    this.ready = false;
    this.lost.abort(new OfflineError());
    await client?.endAsync(false).catch(() => client.end(true));
  }

  private unsubscribe(entry: { filter: string; qos: 0 | 1; listener: Listener }): void {
    this.subscriptions.delete(entry);
    const stillWanted = [...this.subscriptions].some((other) => other.filter === entry.filter);
    // Unanswered or refused: the messages of one filter too many are dropped by deliver().
    if (!stillWanted && this.ready) this.client?.unsubscribeAsync(entry.filter).catch(() => {});
  }

  private requireClient(): MqttClient {
    this.options.network.require();
    if (!this.client || !this.ready) throw new OfflineError();
    return this.client;
  }

  private deliver(topic: string, payload: Buffer): void {
    if (!this.options.network.isUp) return;
    for (const { filter, listener } of [...this.subscriptions]) {
      if (topicMatches(filter, topic)) listener(topic, payload);
    }
  }

  private async resubscribe(client: MqttClient): Promise<void> {
    try {
      const filters = new Map([...this.subscriptions].map(({ filter, qos }) => [filter, { qos }]));
      if (filters.size > 0) await this.answered(client.subscribeAsync(Object.fromEntries(filters)));
    } catch (error) {
      if (this.client === client) this.drop(`cannot subscribe: ${messageOf(error)}`);
      return;
    }
    if (this.client !== client) return;
    this.attempts = 0;
    this.ready = true;
    this.emit('connected');
  }

  /** Ends when the connection does, or after a while: a broker that says nothing must not hold anybody for ever. */
  private answered<T>(exchange: Promise<T>): Promise<T> {
    const { signal } = this.lost;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          finish(() => reject(new Error(`no acknowledgement within ${ACKNOWLEDGE_TIMEOUT_MILLISECONDS} ms`))),
        ACKNOWLEDGE_TIMEOUT_MILLISECONDS,
      );
      const abandon = (): void => finish(() => reject(new OfflineError()));
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abandon);
        settle();
      };
      signal.addEventListener('abort', abandon, { once: true });
      exchange.then(
        (value) => finish(() => resolve(value)),
        (error) => finish(() => reject(error)),
      );
    });
  }

  private drop(reason: string): void {
    const { client } = this;
    if (!client) return;
    this.client = undefined;
    const wasReady = this.ready;
    this.ready = false;
    this.lost.abort(new OfflineError());
    this.lost = new AbortController();
    client.on('error', () => {}); // it is being thrown away; what it still complains about concerns nobody
    client.end(true);
    if (wasReady || this.attempts === 0) this.emit('disconnected', reason);
    this.scheduleConnect();
  }

  private scheduleConnect(): void {
    if (this.stopped || !this.options.network.isUp) return;
    const most = Math.min(LONGEST_WAIT_MILLISECONDS, FIRST_WAIT_MILLISECONDS * 2 ** this.attempts);
    this.attempts += 1;
    this.timer = setTimeout(() => this.connect(), most * (this.options.random ?? Math.random)());
  }
}
