/** A proxy on loopback that opens tunnels (CONNECT), and a server behind it. */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer, get } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { generate } from 'selfsigned';
import { awsClients } from '../../cli/shared/aws-clients';
import { siteProxy } from '../../contracts/site-proxy';
import { S3CaptureStore } from '../../edge-components/inference/src/captures/s3-capture-store';

const environment = { ...process.env };
const tunnels: { readonly target: string; readonly authorization: string | undefined }[] = [];
const sockets = new Set<Socket>();
const servers: Server[] = [];
let proxyPort: number;
let serverPort: number;
let certificate: string;
/** Whether the proxy opens what it is asked for. */
let opens = true;

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  const made = await generate([{ name: 'commonName', value: 'server' }], {
    keySize: 2048,
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'server.example' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  certificate = made.cert;
  const tls = { key: made.private, cert: made.cert };
  serverPort = await listen(
    createHttpsServer(tls, (_, response) => response.end('through')) as unknown as Server,
  );
  const proxy = createHttpServer((_, response) => response.writeHead(400).end());
  proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
    tunnels.push({ target: request.url as string, authorization: request.headers['proxy-authorization'] });
    if (!opens) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    // Every name leads to the one server.
    const upstream = connect(serverPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    sockets.add(upstream.on('error', () => undefined));
    return undefined;
  });
  proxyPort = await listen(proxy);
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});
beforeEach(() => {
  tunnels.length = 0;
  opens = true;
  for (const name of Object.keys(process.env)) {
    if (/^AWS_|_proxy$/i.test(name)) delete process.env[name];
  }
});
afterEach(() => {
  process.env = { ...environment };
});

async function body(url: string): Promise<string> {
  const agent = siteProxy();
  const request = get(url, { ca: certificate, ...(agent && { agent }) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

test('[B27] F7: without a proxy there is no agent', () => {
  process.env.HTTP_PROXY = `http://127.0.0.1:${proxyPort}`;
  expect(siteProxy()).toBeUndefined();
});

test.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])(
  '[B27] F7: %s leads through the proxy, with its user',
  async (name) => {
    process.env[name] = `http://user:p%40ss@127.0.0.1:${proxyPort}`;
    expect(await body('https://server.example/')).toBe('through');
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(tunnels).toEqual([{ target: 'server.example:443', authorization }]);
  },
);

test('[B27] F7: hosts of NO_PROXY are reached without it', async () => {
  process.env.HTTPS_PROXY = `http://127.0.0.1:${proxyPort}`;
  process.env.NO_PROXY = 'localhost,127.0.0.1,.internal';
  expect(await body(`https://127.0.0.1:${serverPort}/`)).toBe('through');
  expect(tunnels).toEqual([]);
});

test('[B27] F7: what is no address of a proxy is named, without its password', async () => {
  process.env.HTTPS_PROXY = 'socks5://user:s3cret@127.0.0.1:1';
  const failure = await body('https://server.example/').catch((error: Error) => error.message);
  expect(failure).toBe('HTTPS_PROXY or ALL_PROXY: must be an address that begins with http:// or https://');
});

test('[B27] F7: captures go to S3 through the proxy', async () => {
  process.env.HTTPS_PROXY = `http://127.0.0.1:${proxyPort}`;
  process.env.AWS_ACCESS_KEY_ID = 'id';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  opens = false;
  const put = new S3CaptureStore('eu-central-1').put(
    'captures',
    'a.jpg',
    Buffer.from('pixels'),
    'image/jpeg',
  );
  await expect(put).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  expect(tunnels.map(({ target }) => target)).toEqual(['captures.s3.eu-central-1.amazonaws.com:443']);
});

test("[B27] F7: every client of the operator's commands has the proxy", async () => {
  process.env.HTTPS_PROXY = `http://127.0.0.1:${proxyPort}`;
  process.env.AWS_REGION = 'eu-central-1';
  process.env.AWS_ACCESS_KEY_ID = 'id';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  opens = false;
  const clients = awsClients();
  for (const { config } of Object.values(clients) as { config: { requestHandler: object } }[]) {
    const { httpsAgent } = await (
      config.requestHandler as { configProvider: Promise<{ httpsAgent: object }> }
    ).configProvider;
    expect(httpsAgent.constructor.name).toBe('SiteProxy');
  }
  await expect(clients.s3.send(new ListBucketsCommand({}))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 403 },
  });
  expect(tunnels[0]?.target).toBe('s3.eu-central-1.amazonaws.com:443');
});
