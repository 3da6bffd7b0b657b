import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';

const servers: (Server | TcpServer)[] = [];
const sockets = new Set<Socket>();

/** A camera on a free port. @returns host and port */
export async function httpCamera(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<string> {
  let count = 0;
  return listen(createServer((request, response) => answer(request, response, ++count)));
}

/** A camera that writes bytes as it likes. @returns host and port */
export const rawCamera = (connected: (socket: Socket) => void): Promise<string> =>
  listen(createTcpServer(connected));

export function closeCameras(): void {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
}

async function listen(server: Server | TcpServer): Promise<string> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
