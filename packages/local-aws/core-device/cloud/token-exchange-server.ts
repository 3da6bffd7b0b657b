/** The token exchange service: hands the device's AWS credentials to its components (`tes/HttpServerImpl.java`, `CredentialRequestHandler.java`). */
import fastify, { type FastifyReply } from 'fastify';
import { listen } from '../../shared/listen';
import { messageOf } from '../event-log';
import type { CredentialCache } from './credential-cache';

const PATH = '/2016-11-01/credentialprovider/';

export interface TokenExchangeServer {
  /** Value of AWS_CONTAINER_CREDENTIALS_FULL_URI. */
  readonly url: string;
  stop(): Promise<void>;
}

function answer(reply: FastifyReply, status: number, body: object): FastifyReply {
  // As bytes: to text the framework would add a character set, which the nucleus does not name.
  return reply
    .code(status)
    .header('content-type', 'application/json')
    .send(Buffer.from(JSON.stringify(body)));
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
  server.setErrorHandler((error, _request, reply) => answer(reply, 500, { message: messageOf(error) }));
  server.all('*', async (request, reply) => {
    if (request.url !== PATH) return answer(reply, 404, { message: 'not found' });
    if (request.method !== 'GET') return answer(reply, 405, { message: 'only GET' });
    if (!isKnownToken(request.headers.authorization ?? '')) {
      return answer(reply, 403, { message: 'invalid token' });
    }
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await credentials.get();
    return answer(reply, 200, {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: expiration,
    });
  });
  const { url, stop } = await listen(server, 0);
  // The AWS SDKs accept plain HTTP for loopback only.
  return { url: `${url}${PATH}`, stop };
}
