/** The token exchange service: hands the device's AWS credentials to its components (`tes/HttpServerImpl.java`, `CredentialRequestHandler.java`). */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url !== PATH) return answer(404, { message: 'not found' });
    if (request.method !== 'GET') return answer(405, { message: 'only GET' });
    if (!isKnownToken(request.headers.authorization ?? '')) return answer(403, { message: 'invalid token' });
    try {
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = await credentials.get();
      answer(200, {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        Token: sessionToken,
        Expiration: expiration,
      });
    } catch (error) {
      answer(500, { message: messageOf(error) });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    // The AWS SDKs accept plain HTTP for loopback only.
    url: `http://127.0.0.1:${port}${PATH}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
