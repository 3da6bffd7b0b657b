/** GET requests to one network camera: user and password, connection, sloppy answers. */
import { randomBytes } from 'node:crypto';
import {
  type ClientRequest,
  type Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { redactorOf } from '../../shared/redact-url';
import type { CertificateTrust } from './camera-certificate';
import { cameraAgent } from './camera-connection';
import { authorizationOf, type Challenge, type Credentials, chooseChallenge } from './http-authorization';

export class HttpCamera {
  private readonly url: URL;
  private readonly credentials: Credentials | undefined;
  private readonly redact: (text: string) => string;
  private agent: HttpAgent;
  /** Whether the camera's answers have to be mended before they can be read. */
  private mends = false;
  /** The camera's last demand; answered with every request, so that only the first one is refused. */
  private challenge: Challenge | undefined;
  /** Requests under this challenge. */
  private answered = 0;

  constructor(
    address: string,
    private readonly trust: CertificateTrust = {},
  ) {
    this.redact = redactorOf(address);
    this.url = new URL(address);
    const { username, password } = this.url;
    if (username !== '' || password !== '') {
      this.credentials = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    }
    this.url.username = '';
    this.url.password = '';
    this.agent = this.newAgent();
  }

  /**
   * One GET.
   * @param signal ends the request, and the answer as long as it is read, with its reason
   * @returns the head of the answer with status 200; its body has to be read or destroyed
   * @throws Error without any secret in its message
   */
  async get(signal: AbortSignal): Promise<IncomingMessage> {
    try {
      const response = await this.getAuthorized(signal);
      if (response.statusCode === 200) return response;
      response.destroy();
      throw new Error(`the camera answered ${response.statusCode} ${response.statusMessage ?? ''}`.trim());
    } catch (error) {
      throw new Error(this.redact((error as Error).message), { cause: (error as Error).name });
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private async getAuthorized(signal: AbortSignal): Promise<IncomingMessage> {
    const first = await this.getOnce(signal);
    if (first.statusCode !== 401) return first;
    first.destroy();
    this.challenge = this.challengeOf(first);
    this.answered = 0;
    const second = await this.getOnce(signal);
    if (second.statusCode !== 401) return second;
    second.destroy();
    // The next attempt asks first: every wrong password brings the lock of the account nearer.
    this.challenge = undefined;
    throw new Error('the camera refuses the user or the password of its url');
  }

  /** @throws Error when it cannot be answered */
  private challengeOf(response: IncomingMessage): Challenge {
    const headers = response.headersDistinct['www-authenticate'] ?? [];
    if (!this.credentials) throw new Error('the camera asks for a user and a password, and its url has none');
    const challenge = headers.length === 0 ? ({ scheme: 'basic' } as const) : chooseChallenge(headers);
    if (challenge) return challenge;
    const schemes = headers.map((header) => header.slice(0, 100)).join(', ');
    throw new Error(`the camera asks for an authorization other than Basic and Digest: ${schemes}`);
  }

  private async getOnce(signal: AbortSignal): Promise<IncomingMessage> {
    for (;;) {
      const request = this.request();
      try {
        return await answerOf(request, signal);
      } catch (error) {
        if (this.mustMend(error as NodeJS.ErrnoException)) continue;
        // The camera closed an idle connection at the moment in which it was used again.
        const stale = request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
        if (!stale || signal.aborted) throw error;
      }
    }
  }

  /** Whether the request is to be made again, because the parser of Node.js has given the answer up. */
  private mustMend({ code }: NodeJS.ErrnoException): boolean {
    if (this.mends || !code?.startsWith('HPE_')) return false;
    this.mends = true;
    this.agent.destroy();
    this.agent = this.newAgent();
    return true;
  }

  private newAgent(): HttpAgent {
    return cameraAgent({ secure: this.isSecure(), trust: this.trust, mends: this.mends });
  }

  private isSecure(): boolean {
    return this.url.protocol === 'https:';
  }

  private request(): ClientRequest {
    const send = this.isSecure() ? httpsRequest : httpRequest;
    const headers: Record<string, string> = { accept: 'image/*, multipart/x-mixed-replace' };
    if (this.challenge && this.credentials) {
      headers.authorization = authorizationOf(this.challenge, this.credentials, {
        method: 'GET',
        uri: this.url.pathname + this.url.search,
        count: ++this.answered,
        clientNonce: randomBytes(16).toString('hex'),
      });
    }
    // Cameras end header lines in LF alone, and worse. The connection is used for nothing else, so that a lenient reader
    // lets nobody slip another request in.
    return send(this.url, { agent: this.agent, headers, insecureHTTPParser: true });
  }
}

/** Redirects are not followed: user and password belong to the address of the configuration. */
function answerOf(request: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined;
    const abort = (): void => {
      (response ?? request).destroy(signal.reason);
    };
    const release = (): void => signal.removeEventListener('abort', abort);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    request.on('response', (answer) => {
      response = answer;
      answer.once('close', release);
      resolve(answer);
    });
    request.on('error', (error) => {
      release();
      reject(error);
    });
    request.end();
  });
}

/** Lower case, without parameters; undefined when there is none. */
export const mediaTypeOf = (response: IncomingMessage): string | undefined =>
  response.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();

/** Whether a body of this type can be an image. Cameras forget the type, or send a general one. */
export const canBeImage = (mediaType: string | undefined): boolean =>
  mediaType === undefined || mediaType.startsWith('image/') || mediaType === 'application/octet-stream';
