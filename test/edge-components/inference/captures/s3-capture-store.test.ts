/** Against an HTTP server that is the token-exchange service and S3. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3CaptureStore } from '../../../../edge-components/inference/src/captures/s3-capture-store';
import { waitFor } from '../../wait-for';

const environment = { ...process.env };
const requests: { method: string; url: string; contentType: string; authorization: string; body: string }[] =
  [];
let server: Server;
/** Of every PUT. */
let answer: (response: ServerResponse) => void;
let cutOff = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/credentials') {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          AccessKeyId: 'ID-OF-THE-TEST',
          SecretAccessKey: 'secret',
          Token: 'token',
          Expiration: new Date(Date.now() + 3_600_000).toISOString(),
        }),
      );
    } else void take(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = `${url}/credentials`;
  process.env.AWS_ENDPOINT_URL_S3 = url;
});
afterAll(async () => {
  process.env = environment;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  requests.length = 0;
  answer = (response) => response.end();
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.on('close', () => {
    if (!response.writableEnded) cutOff++;
  });
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  requests.push({
    method: request.method as string,
    url: request.url as string,
    contentType: String(request.headers['content-type']),
    authorization: String(request.headers.authorization),
    body: Buffer.concat(chunks).toString(),
  });
  answer(response);
}

test('an object is put under its key with its type, with the credentials of the token-exchange service', async () => {
  await new S3CaptureStore('us-east-1').put('bucket', 'captures/a.jpg', Buffer.from('pixels'), 'image/jpeg');
  expect(requests).toHaveLength(1);
  const [{ authorization, ...put }] = requests as [(typeof requests)[number]];
  expect(put).toMatchObject({ method: 'PUT', contentType: 'image/jpeg' });
  expect(put.url).toMatch(/^\/bucket\/captures\/a\.jpg/);
  expect(put.body).toContain('pixels');
  expect(authorization).toContain('Credential=ID-OF-THE-TEST/');
});

test('case 34: a refusal is tried once: the spool decides when to try again', async () => {
  answer = (response) => response.writeHead(503).end();
  const put = new S3CaptureStore('us-east-1').put('bucket', 'key', Buffer.from('pixels'), 'image/jpeg');
  await expect(put).rejects.toThrow();
  expect(requests).toHaveLength(1);
});

test('[S8] a signal ends the upload that is under way', async () => {
  answer = () => undefined;
  const abort = new AbortController();
  const put = new S3CaptureStore('us-east-1').put(
    'bucket',
    'key',
    Buffer.from('pixels'),
    'image/jpeg',
    abort.signal,
  );
  put.catch(() => undefined);
  await waitFor('the request', () => requests.length === 1);
  abort.abort();
  await expect(put).rejects.toThrow(/abort/i);
  await waitFor('the end of the connection', () => cutOff > 0);
});
