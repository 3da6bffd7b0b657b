import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { RunningService } from './running-service';

/** Names of this machine that no name server is asked for. */
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?$/i;

/**
 * Whether a request was sent to this machine by a loopback name. A web page may have the name of its own site resolved to
 * 127.0.0.1, and its scripts then reach what listens there; the Host header still has the name of the site. Pure.
 */
export const isLoopback = (host: string | undefined): boolean => host !== undefined && LOOPBACK.test(host);

/**
 * Serves on 127.0.0.1, and only whoever calls it so.
 * @param port 0 for any free one
 * @throws Error when the port is taken
 */
export async function listen(server: FastifyInstance, port: number): Promise<RunningService> {
  server.addHook('onRequest', async (request, reply) => {
    const { host } = request.headers;
    if (isLoopback(host)) return;
    await reply.code(403).send(`Host: must be 127.0.0.1, localhost or [::1], got '${host}'\n`);
  });
  await server.listen({ host: '127.0.0.1', port });
  return {
    url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    stop: () => server.close(),
  };
}
