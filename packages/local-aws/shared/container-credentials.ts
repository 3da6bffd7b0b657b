/** Hands out credentials as containers get them: at an address on the loopback, for a token that both are told. */
import fastify, { type FastifyReply } from 'fastify';
import type { CredentialCache } from './credential-cache';
import { listen } from './listen';
import type { RunningService } from './running-service';

function answer(reply: FastifyReply, status: number, body: object): FastifyReply {
  // As bytes: to text the framework would add a character set, which the nucleus does not name.
  return reply
    .code(status)
    .header('content-type', 'application/json')
    .send(Buffer.from(JSON.stringify(body)));
}

/**
 * The AWS SDKs ask at AWS_CONTAINER_CREDENTIALS_FULL_URI, with AWS_CONTAINER_AUTHORIZATION_TOKEN, again and again before
 * the credentials end; plain HTTP they accept for loopback only.
 * @param credentialsOf whose credentials a token stands for; undefined when nobody was given it
 * @returns `url` is the value of AWS_CONTAINER_CREDENTIALS_FULL_URI
 */
export async function startContainerCredentials(
  path: string,
  credentialsOf: (token: string) => CredentialCache | undefined,
): Promise<RunningService> {
  const server = fastify({ forceCloseConnections: true });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null);
  });
  server.setErrorHandler((error, _request, reply) =>
    answer(reply, 500, { message: (error as Error).message }),
  );
  server.all('*', async (request, reply) => {
    if (request.url !== path) return answer(reply, 404, { message: 'not found' });
    if (request.method !== 'GET') return answer(reply, 405, { message: 'only GET' });
    const credentials = credentialsOf(request.headers.authorization ?? '');
    if (!credentials) return answer(reply, 403, { message: 'invalid token' });
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await credentials.get();
    return answer(reply, 200, {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: expiration,
    });
  });
  const { url, stop } = await listen(server, 0);
  return { url: `${url}${path}`, stop };
}
