/** What HTTP cameras do that a browser's server does not: own certificates, and answers that are hardly HTTP. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { CertificateTrust } from '../../../../../edge-components/inference/src/cameras/sources/camera-certificate';
import { HttpCamera } from '../../../../../edge-components/inference/src/cameras/sources/http-camera';
import { closeCameras, rawCamera } from './http-server';

const folder = mkdtempSync(join(tmpdir(), 'camera-'));
const signal = new AbortController().signal;

async function bodyOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

describe('[B27] F11: a camera with a certificate of its own', () => {
  let server: Server;
  let address: string;
  let certificate: X509Certificate;
  let requests = 0;

  beforeAll(async () => {
    const made = await generate([{ name: 'commonName', value: 'IPCamera' }], {
      keySize: 2048,
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
      ],
    });
    certificate = new X509Certificate(made.cert);
    writeFileSync(join(folder, 'own.pem'), made.cert);
    server = createServer({ key: made.private, cert: made.cert }, (request, response) => {
      requests++;
      response.end(request.headers.authorization ?? 'image');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `https://127.0.0.1:${(server.address() as AddressInfo).port}/shot`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    requests = 0;
  });

  async function ask(trust: CertificateTrust): Promise<string> {
    const camera = new HttpCamera(address, trust);
    try {
      return await bodyOf(await camera.get(signal));
    } finally {
      camera.close();
    }
  }
  const digest = (): string => certificate.fingerprint256.replaceAll(':', '').toLowerCase();

  test('is trusted by its fingerprint, or by its file', async () => {
    expect(await ask({ certificateSha256: certificate.fingerprint256 })).toBe('image');
    expect(await ask({ certificateSha256: digest() })).toBe('image');
    expect(await ask({ caFile: join(folder, 'own.pem') })).toBe('image');
  });

  test('gets no request when it shows another one, and both are named', async () => {
    const other = 'cd'.repeat(32);
    await expect(ask({ certificateSha256: other })).rejects.toThrow(
      `the camera's certificate is ${digest()}, not ${other} (SHA-256)`,
    );
    expect(requests).toBe(0);
  });

  test('gets no request when nothing says that it is the one, and the way to say so is named', async () => {
    await expect(ask({})).rejects.toThrow(
      `the camera's certificate is refused (DEPTH_ZERO_SELF_SIGNED_CERT); if it is its own, set certificateSha256 to ${digest()}, or caFile`,
    );
    await expect(ask({ caFile: join(folder, 'missing.pem') })).rejects.toThrow(/ENOENT.*missing\.pem/);
    expect(requests).toBe(0);
  });

  test('is asked over one connection again and again', async () => {
    const ports = new Set<number | undefined>();
    server.on('request', ({ socket }: IncomingMessage) => ports.add(socket.remotePort));
    const camera = new HttpCamera(address, { certificateSha256: digest() });
    for (let count = 0; count < 3; count++) await bodyOf(await camera.get(signal));
    camera.close();
    expect(ports.size).toBe(1);
  });
});

test('[B27] F11: a port that speaks no TLS is told from a certificate', async () => {
  const host = await rawCamera((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const camera = new HttpCamera(`https://user:s3cret@${host}/`);
  await expect(camera.get(signal)).rejects.toThrow(/SSL|TLS|disconnected|ECONNRESET|EPROTO/);
  camera.close();
});

describe('[B27] F11: answers that are hardly HTTP', () => {
  afterAll(closeCameras);

  async function answer(head: string, body = 'image'): Promise<{ response: IncomingMessage; text: string }> {
    const host = await rawCamera((socket) => {
      socket.once('data', () => socket.end(Buffer.from(`${head}\r\n\r\n${body}`, 'latin1')));
    });
    const camera = new HttpCamera(`http://${host}/`);
    const response = await camera.get(signal);
    const text = await bodyOf(response);
    camera.close();
    return { response, text };
  }

  test.each<[string, string]>([
    ['a header line without a colon', 'Server: cam\r\nSome words\r\nContent-Length: 5'],
    ['a blank before the colon', 'Server : cam\r\nContent-Length : 5'],
    ['two equal Content-Length', 'Content-Length: 5\r\nServer: cam\r\nContent-Length: 5'],
    ['two Content-Length that differ', 'Content-Length: 4\r\nContent-Length: 5'],
    ['a Content-Length that is no number', 'Content-Length: -1'],
    ['all of it', 'Some words\r\nServer : cam\r\nContent-Length: 5\r\nContent-Length: 5'],
  ])('%s', async (_, headers) => {
    const { response, text } = await answer(`HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n${headers}`);
    expect(text).toBe('image');
    expect(response.headers['content-type']).toBe('image/jpeg');
    if (headers.includes('cam')) expect(response.headers.server).toBe('cam');
  });

  test('in chunks', async () => {
    const { text } = await answer(
      'HTTP/1.1 200 OK\r\nSome words\r\nTransfer-Encoding: chunked',
      '3\r\nima\r\n2\r\nge\r\n0\r\n\r\n',
    );
    expect(text).toBe('image');
  });

  test('a head without an end is refused, and so is what is no HTTP', async () => {
    await expect(answer(`HTTP/1.1 200 OK\r\nSome words\r\n${'X: y\r\n'.repeat(4_000)}`)).rejects.toThrow(
      /more than 16384 bytes|Header overflow/,
    );
    await expect(answer('SSH-2.0-dropbear')).rejects.toThrow('Parse Error');
  });

  test('a user and a password are answered to a challenge in such a head', async () => {
    const seen: string[] = [];
    const host = await rawCamera((socket) => {
      socket.once('data', (request: Buffer) => {
        const asked = /authorization: (.*)\r/i.exec(request.toString('latin1'))?.[1];
        if (asked) seen.push(asked);
        socket.end(
          asked
            ? 'HTTP/1.1 200 OK\r\nSome words\r\nContent-Length: 5\r\n\r\nimage'
            : 'HTTP/1.1 401 No\r\nSome words\r\nWWW-Authenticate : Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
        );
      });
    });
    const camera = new HttpCamera(`http://user:s3cret@${host}/`);
    expect(await bodyOf(await camera.get(signal))).toBe('image');
    expect(seen).toEqual([`Basic ${Buffer.from('user:s3cret').toString('base64')}`]);
    camera.close();
  });
});
