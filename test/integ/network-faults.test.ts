/**
 * Case 29: results on their way to the cloud, over the real client and server of Greengrass IPC, while the way is cut, slow
 * or loses answers.
 */

import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createIpcServices, IpcError, type IpcServer, startIpcServer } from '@kaizen-edge/local-aws';
import type { ResultsBatch } from '../../contracts';
import { NucleusIpc } from '../../edge-components/inference/src/nucleus/nucleus-ipc';
import { BatchSender } from '../../edge-components/inference/src/results/batch-sender';
import { Outbox } from '../../edge-components/inference/src/results/outbox';
import { envelopeBytes } from '../../edge-components/inference/src/results/results-message';
import { silent } from '../edge-components/fake-device';
import { invalidResult } from '../edge-components/inference-result';
import { temporaryFolder } from '../edge-components/release-fixture';
import { resultsIn } from '../edge-components/results-messages';
import { UnreliableLink } from '../edge-components/unreliable-link';
import { waitFor } from '../edge-components/wait-for';

jest.setTimeout(180_000);

const COMPONENT = 'com.kaizenedge.Inference';
const TOKEN = 'token-of-the-test';
const USE_CASE = 'line';
const THING = 'line-1';
const TOPIC = `$aws/rules/kaizen_test_results/${USE_CASE}/${THING}/results`;
const LOCAL_TOPIC = 'kaizen/line/results';
const CALL_LIMIT_MILLISECONDS = 120_000;
const clock = { now: () => Date.now(), monotonic: () => performance.now() };

const record = (index: number): string => JSON.stringify(invalidResult(index));
const frames = (from: number, until: number): string[] =>
  Array.from({ length: until - from }, (_, index) => `frame-${from + index}`);

/** A device's outbox and sender, its nucleus behind an unreliable link, and what the cloud has taken. */
class Device {
  /** Every message, in the order of its arrival, also repeated ones. */
  readonly messages: ResultsBatch[] = [];
  readonly outcomes: boolean[] = [];
  online = true;
  readonly link: UnreliableLink;
  readonly limits = {
    maximumBytes: 1_000_000,
    batchRecords: 100,
    flushMilliseconds: 50,
    messageBytes: 5_120,
  };
  outbox!: Outbox;
  sender!: BatchSender;
  private readonly folder = temporaryFolder();
  private server!: IpcServer;
  ipc!: NucleusIpc;

  constructor() {
    this.link = new UnreliableLink(join(this.folder, 'link.sock'), join(this.folder, 'ipc.sock'));
  }

  async start(): Promise<this> {
    const services = createIpcServices({
      thingName: THING,
      iotCore: {
        publish: async (topic, payload) => this.take(topic, payload),
        subscribe: async () => () => undefined,
      },
    });
    const allowed = (operation: string, topic: string) => ({
      policy: { operations: [`aws.greengrass#${operation}`], resources: [topic] },
    });
    const accessControl = {
      'aws.greengrass.ipc.mqttproxy': allowed('PublishToIoTCore', TOPIC),
      'aws.greengrass.ipc.pubsub': allowed('PublishToTopic', LOCAL_TOPIC),
    };
    services.configuration.replace(COMPONENT, { defaults: { accessControl }, overrides: {} });
    this.server = await startIpcServer({
      socketPath: join(this.folder, 'ipc.sock'),
      services,
      componentOf: (token) => (token === TOKEN ? COMPONENT : undefined),
    });
    await this.link.start();
    this.ipc = new NucleusIpc(
      silent,
      () => [],
      () => 0,
      // No jitter: the losses come one after the other, however long the client would wait.
      () => 0,
      { AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: this.link.path, SVCUID: TOKEN },
      // A slow machine is no link that gives no answer: here only a cut ends a call.
      CALL_LIMIT_MILLISECONDS,
    );
    await this.ipc.connect();
    this.ipc.on('connected', () => this.sender.retryNow());
    this.outbox = await Outbox.open(join(this.folder, 'outbox'), () => this.limits, {
      envelopeBytes: envelopeBytes(USE_CASE, THING),
    });
    this.sender = new BatchSender({
      outbox: this.outbox,
      publisher: this.ipc,
      clock,
      log: silent,
      useCase: USE_CASE,
      deviceId: THING,
      topic: () => TOPIC,
      flushMilliseconds: () => this.limits.flushMilliseconds,
      askMilliseconds: () => undefined,
      random: Math.random,
      connection: {
        succeeded: () => this.outcomes.push(true),
        failed: () => this.outcomes.push(false),
      },
    });
    this.sender.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.sender.stop();
    await this.outbox.close();
    this.ipc.close();
    await this.link.stop();
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async append(from: number, until: number): Promise<void> {
    for (let index = from; index < until; index++) await this.outbox.append(record(index));
  }

  async allSent(): Promise<void> {
    await waitFor('an empty outbox', () => this.outbox.records === 0, 60_000);
  }

  /** As the cloud counts: each batch id once. */
  batches(): ResultsBatch[] {
    const seen = new Map<string, ResultsBatch>();
    for (const message of this.messages) {
      const known = seen.get(message.batchId);
      // A repeated batch may say when it was sent again, and nothing else.
      if (known) expect({ ...message, sentAt: '' }).toEqual({ ...known, sentAt: '' });
      else seen.set(message.batchId, message);
    }
    return [...seen.values()];
  }

  frames(): string[] {
    return this.batches().flatMap(({ records }) => records.map(({ frameId }) => frameId));
  }

  dropped(): number {
    return this.batches().reduce((sum, { droppedRecords }) => sum + droppedRecords, 0);
  }

  private take(topic: string, payload: Buffer): void {
    if (!this.online) throw new IpcError('ServiceError', 'the device is offline');
    expect(topic).toBe(TOPIC);
    this.messages.push(resultsIn(payload, topic));
  }
}

let device: Device;
beforeEach(async () => {
  device = await new Device().start();
});
afterEach(() => device.stop());

test('case 29: a link that goes down five times loses no result and brings none out of order', async () => {
  let next = 0;
  for (let round = 0; round < 5; round++) {
    await device.append(next, next + 30);
    await waitFor('a message', () => device.messages.length > round, 60_000);
    device.link.down();
    await device.append(next + 30, next + 60);
    next += 60;
    device.link.up();
  }
  await device.allSent();
  expect(device.frames()).toEqual(frames(0, next));
  expect(device.dropped()).toBe(0);
});

test('case 29: a batch whose acknowledgement got lost comes again under its id, and counts once', async () => {
  device.link.losesAnswers = true;
  await device.append(0, 20);
  await waitFor('a message', () => device.messages.length > 0);
  device.link.down();
  await waitFor('the failure', () => device.outcomes.includes(false));
  device.link.losesAnswers = false;
  device.link.up();
  await device.allSent();
  const ids = device.messages.map(({ batchId }) => batchId);
  expect(ids.slice(0, 2)).toEqual([ids[0], ids[0]]);
  expect(device.frames()).toEqual(frames(0, 20));
});

test('case 29: a slow link is waited for: no message is given up, none is sent twice', async () => {
  // About six messages of 6.8 KB with base64: a third of a second each.
  device.link.bytesPerSecond = 20_000;
  await device.append(0, 60);
  await device.allSent();
  expect(device.frames()).toEqual(frames(0, 60));
  expect(new Set(device.messages.map(({ batchId }) => batchId)).size).toBe(device.messages.length);
  expect(device.outcomes).not.toContain(false);
});

test('case 29: an outage beyond the bound costs the oldest results, and the cloud learns how many', async () => {
  device.limits.maximumBytes = 65_536;
  await device.append(0, 30);
  await device.allSent();
  device.online = false;
  await device.append(30, 60);
  await waitFor('a failure', () => device.outcomes.includes(false));
  await device.append(60, 400);
  expect(device.outbox.bytes).toBeLessThanOrEqual(65_536);
  device.online = true;
  device.sender.retryNow();
  await device.allSent();
  const taken = device.frames();
  const dropped = 400 - taken.length;
  expect(dropped).toBeGreaterThan(100);
  expect(device.dropped()).toBe(dropped);
  expect(device.outbox.dropped).toBe(dropped);
  // What was sent before, the batch that was being sent when the way was cut, and the newest.
  const inFlight = device.batches().find(({ records }) => records[0]?.frameId === 'frame-30')?.records
    .length as number;
  expect(inFlight).toBeGreaterThan(0);
  expect(taken).toEqual([...frames(0, 30 + inFlight), ...frames(30 + inFlight + dropped, 400)]);
});

test('case 29: with 8 requests under way, 200 lost connections fail what was on its way and nothing else', async () => {
  const outcomes = { answered: 0, failed: 0 };
  let ending = false;
  const keepPublishing = async (): Promise<void> => {
    while (!ending) {
      try {
        await device.ipc.publishLocally(LOCAL_TOPIC, { padding: 'x'.repeat(3_000) });
        outcomes.answered++;
      } catch {
        outcomes.failed++;
        await sleep(5);
      }
    }
  };
  const publishing = Array.from({ length: 8 }, keepPublishing);
  for (let loss = 0; loss < 200; loss++) {
    if (!device.ipc.connected) await once(device.ipc, 'connected');
    await sleep(loss % 20);
    if (loss % 20 === 0) {
      const { answered } = outcomes;
      await waitFor('an answer', () => outcomes.answered > answered);
    }
    device.link.down();
    device.link.up();
    await waitFor('the loss', () => !device.ipc.connected);
  }
  ending = true;
  // Every request ends, one way or the other: none is left waiting for an answer that cannot come.
  await Promise.all(publishing);
  expect(outcomes.answered).toBeGreaterThanOrEqual(10);
  // Each of the eight meets each loss, under way or while there is no connection.
  expect(outcomes.failed).toBeGreaterThanOrEqual(8 * 200);
  await device.append(0, 30);
  await device.allSent();
  expect(device.frames()).toEqual(frames(0, 30));
});
