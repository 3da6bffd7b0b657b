/** The child's side of the socket: answers requests for as long as the component is there. */
import { Socket } from 'node:net';
import type { Answer } from './child';
import { type Message, MessageParser, writeMessage } from './message-stream';

/** As child-processes.ts gives it. */
const SOCKET = 3;

export interface HostAnswer {
  readonly header: Omit<Answer, 'id'>;
  readonly body?: Uint8Array;
}

/** @param answer never rejects; requests that come while it works are given to it as well */
export function serveRequests(answer: (message: Message) => Promise<HostAnswer>): void {
  const socket = new Socket({ fd: SOCKET });
  const parser = new MessageParser();
  socket.on('data', (chunk: Buffer) => {
    for (const message of parser.push(chunk)) {
      const { id } = message.header as Answer;
      void answer(message).then(({ header, body }) => writeMessage(socket, { ...header, id }, body));
    }
  });
  // The component is gone: nobody will close this process.
  socket.on('close', () => process.exit(0));
  socket.on('error', () => process.exit(0));
  // A nucleus that stops the component signals every process of it. This one is still needed for the frames under way, and
  // ends with the component.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => undefined);
}
