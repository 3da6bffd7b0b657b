/** Connections to one network camera: which certificate it may show, and whether its answers have to be mended. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ClientRequestArgs, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, connect as tcpConnect } from 'node:net';
import { Duplex } from 'node:stream';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { HeadMender } from './answer-head';
import { type CertificateTrust, certificateProblem } from './camera-certificate';

/** Over a local network it takes some milliseconds, on a slow camera some hundred. */
const HANDSHAKE_MILLISECONDS = 10_000;

type Created = (error: Error | null, stream: Duplex) => void;

export interface ConnectionOptions {
  readonly secure: boolean;
  readonly trust: CertificateTrust;
  /** Whether the head of each answer is put right; a connection then serves one answer. */
  readonly mends: boolean;
}

/** Makes every connection of a camera's requests. Nothing is written to a camera that shows another certificate. */
export function cameraAgent(options: ConnectionOptions): HttpAgent {
  const connect = options.secure
    ? (target: ClientRequestArgs, created: Created) => connectSecurely(target, options.trust, created)
    : (target: ClientRequestArgs, created: Created) =>
        created(null, tcpConnect({ host: target.host as string, port: Number(target.port) }));
  const agent = new (options.secure ? HttpsAgent : HttpAgent)({ keepAlive: !options.mends });
  agent.createConnection = (target, created) => {
    connect(target, (error, stream) =>
      (created as Created)(error, options.mends && !error ? new MendedStream(stream) : stream),
    );
    return undefined;
  };
  return agent;
}

function connectSecurely(target: ClientRequestArgs, trust: CertificateTrust, created: Created): void {
  const host = target.host as string;
  const authorities = trust.caFile === undefined ? {} : { ca: readFileSync(trust.caFile) };
  const socket = tlsConnect({
    ...authorities,
    host,
    port: Number(target.port),
    ...(isIP(host) === 0 && { servername: host }),
    // Judged below, before the first byte of the request: so a pinned certificate can be one that nobody has signed.
    rejectUnauthorized: false,
  });
  const fail = (error: Error): void => {
    socket.destroy();
    created(error, socket);
  };
  socket.setTimeout(HANDSHAKE_MILLISECONDS, () => fail(new Error('the camera does not answer in TLS')));
  socket.once('error', fail);
  socket.once('secureConnect', () => {
    socket.setTimeout(0);
    socket.removeListener('error', fail);
    const problem = problemOf(socket, trust);
    if (problem === undefined) created(null, socket);
    else fail(new Error(problem));
  });
}

function problemOf(socket: TLSSocket, trust: CertificateTrust): string | undefined {
  const shown = socket.getPeerCertificate().raw as Buffer | undefined;
  return certificateProblem(trust, {
    fingerprint: shown && new X509Certificate(shown).fingerprint256,
    ...(!socket.authorized && { refusal: String(socket.authorizationError) }),
  });
}

/** A connection whose answer has a head that Node.js can read. */
class MendedStream extends Duplex {
  private readonly mender = new HeadMender();

  constructor(private readonly connection: Duplex) {
    super({ allowHalfOpen: true });
    connection.on('data', (chunk: Buffer) => this.passOn(chunk));
    connection.on('end', () => this.push(null));
    connection.on('error', (error) => this.destroy(error));
    connection.on('close', () => this.destroy());
  }

  override _read(): void {
    this.connection.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.connection.write(chunk, encoding, done);
  }

  override _final(done: () => void): void {
    this.connection.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.connection.destroy();
    done(error);
  }

  private passOn(chunk: Buffer): void {
    try {
      const mended = this.mender.push(chunk);
      if (mended.length > 0 && !this.push(mended)) this.connection.pause();
    } catch (error) {
      this.destroy(error as Error);
    }
  }
}
