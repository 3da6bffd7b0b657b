import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { RunningService } from './running-service';

/**
 * Serves on 127.0.0.1.
 * @param port 0 for any free one
 * @throws Error when the port is taken
 */
export async function listen(server: FastifyInstance, port: number): Promise<RunningService> {
  await server.listen({ host: '127.0.0.1', port });
  return {
    url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    stop: () => server.close(),
  };
}
