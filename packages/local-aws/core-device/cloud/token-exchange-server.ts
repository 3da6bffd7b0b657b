/** The token exchange service: hands the device's AWS credentials to its components (`tes/HttpServerImpl.java`, `CredentialRequestHandler.java`). */
import fastify from 'fastify';
import { listen } from '../../shared/listen';
import { messageOf } from '../event-log';
import type { CredentialCache } from './credential-cache';

const PATH = '/2016-11-01/credentialprovider/';

export interface TokenExchangeServer {
  /** Value of AWS_CONTAINER_CREDENTIALS_FULL_URI. */
  readonly url: string;
  stop(): Promise<void>;
}

/** @param isKnownToken whether the token (SVCUID) belongs to a component of this device */
export async function startTokenExchangeServer(
  credentials: CredentialCache,
  isKnownToken: (token: string) => boolean,
): Promise<TokenExchangeServer> {
  const server = fastify({ forceCloseConnections: true });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null);
  });
  server.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ message: 'not found' }));
  server.setErrorHandler(async (error, _request, reply) =>
    reply.code(500).send({ message: messageOf(error) }),
  );
  server.all(PATH, async (request, reply) => {
    if (request.method !== 'GET') return reply.code(405).send({ message: 'only GET' });
    if (!isKnownToken(request.headers.authorization ?? '')) {
      return reply.code(403).send({ message: 'invalid token' });
    }
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await credentials.get();
    return {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: expiration,
    };
  });
  const { url, stop } = await listen(server, 0);
  // The AWS SDKs accept plain HTTP for loopback only.
  return { url: `${url}${PATH}`, stop };
}
