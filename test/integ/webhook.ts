/** An endpoint that the alarm topic's messages are posted to: it confirms its subscription, as a pager does. */
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { RunningService } from '@kaizen-edge/local-aws';

export interface Webhook extends RunningService {
  /** Names of the alarms that have called. */
  readonly alarms: string[];
  /** Resolves when it has confirmed. */
  readonly confirmed: Promise<void>;
}

export async function startWebhook(): Promise<Webhook> {
  const alarms: string[] = [];
  const confirmations = new EventEmitter();
  const confirmed = once(confirmations, 'confirmed').then(() => undefined);
  const server = createServer(async (request, response) => {
    const { Type, SubscribeURL, Message } = JSON.parse(await text(request));
    if (Type === 'SubscriptionConfirmation')
      await fetch(SubscribeURL).then(() => confirmations.emit('confirmed'));
    if (Type === 'Notification') alarms.push(JSON.parse(Message).AlarmName);
    response.end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const stop = () => new Promise<void>((closed) => server.close(() => closed()));
  return { url: `http://127.0.0.1:${port}/pager`, stop, alarms, confirmed };
}
