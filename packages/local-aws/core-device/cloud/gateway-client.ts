/** HTTPS with the device's certificate: AWS IoT credentials provider and Greengrass data plane. */
import { Agent, request } from 'node:https';
import type { TemporaryCredentials } from '../../shared/credential-cache';
import { messageOf } from '../event-log';
import type { Network } from './network';

const TIMEOUT_MILLISECONDS = 10_000;
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;

/** The gateway did not do what was asked. `status` is undefined when there was no answer at all. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  constructor(
    message: string,
    readonly status?: number,
    readonly type?: string,
  ) {
    super(message);
  }
}

export interface ResolvedComponent {
  readonly componentName: string;
  readonly componentVersion: string;
  /** Recipe text, JSON or YAML. */
  readonly recipe: string;
}

export interface GatewayClientOptions {
  readonly url: string;
  readonly ca: Buffer;
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  readonly thingName: string;
  readonly roleAlias: string;
  readonly network: Network;
}

export class GatewayClient {
  private readonly agent: Agent;

  constructor(private readonly options: GatewayClientOptions) {
    this.agent = new Agent({
      keepAlive: true,
      ca: options.ca,
      cert: options.certificate,
      key: options.privateKey,
    });
    options.network.on('cut', () => this.agent.destroy());
  }

  /** @throws GatewayError, OfflineError */
  async credentials(): Promise<TemporaryCredentials> {
    const path = `/role-aliases/${encodeURIComponent(this.options.roleAlias)}/credentials`;
    const answer = (await this.send('GET', path)) as { credentials?: TemporaryCredentials };
    if (!answer.credentials?.accessKeyId)
      throw new GatewayError('the credentials provider gave no credentials');
    return answer.credentials;
  }

  /**
   * The version of a component that meets every requirement.
   * @param versionRequirements range by who asks for it: `{ "thinggroup/line": "=1.0.0" }`
   * @throws GatewayError 404 or 409 when there is none, OfflineError
   */
  async resolveComponent(
    componentName: string,
    versionRequirements: Readonly<Record<string, string>>,
    platform: Readonly<Record<string, string>>,
  ): Promise<ResolvedComponent> {
    const answer = (await this.send('POST', '/greengrass/v2/resolveComponentCandidates', {
      platform: { attributes: platform },
      componentCandidates: [{ componentName, versionRequirements }],
    })) as { resolvedComponentVersions?: ResolvedComponent[] };
    const [resolved] = answer.resolvedComponentVersions ?? [];
    if (!resolved?.recipe || !resolved.componentVersion)
      throw new GatewayError(`the data plane answered without a version of ${componentName}`);
    return { ...resolved, recipe: Buffer.from(resolved.recipe, 'base64').toString('utf8') };
  }

  /** Thing groups of this device; undefined when it may not ask (`deployment/ThingGroupHelper.java`). @throws as above */
  async thingGroups(): Promise<readonly string[] | undefined> {
    try {
      const path = `/greengrass/v2/coreDevices/${encodeURIComponent(this.options.thingName)}/thingGroups`;
      const answer = (await this.send('GET', path)) as { thingGroups?: Array<{ thingGroupName: string }> };
      return (answer.thingGroups ?? []).map(({ thingGroupName }) => thingGroupName);
    } catch (error) {
      if (error instanceof GatewayError && (error.status === 403 || error.status === 404)) return undefined;
      throw error;
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private async send(method: string, path: string, body?: object): Promise<unknown> {
    this.options.network.require();
    const { status, type, text } = await this.exchange(method, path, body);
    let answer: unknown;
    try {
      answer = JSON.parse(text || '{}');
    } catch {
      throw new GatewayError(`${method} ${path}: the answer is not JSON`, status, type);
    }
    if (status >= 200 && status < 300) return answer;
    const { message, Message } = answer as { message?: string; Message?: string };
    throw new GatewayError(
      `${method} ${path}: HTTP ${status} ${message ?? Message ?? ''}`.trim(),
      status,
      type,
    );
  }

  private exchange(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; type: string | undefined; text: string }> {
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void =>
        reject(new GatewayError(`${method} ${path}: ${messageOf(error)}`));
      const outgoing = request(
        new URL(path, this.options.url),
        {
          method,
          agent: this.agent,
          timeout: TIMEOUT_MILLISECONDS,
          headers: {
            'x-amzn-iot-thingname': this.options.thingName,
            ...(body ? { 'content-type': 'application/json' } : {}),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          incoming.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > LARGEST_ANSWER_BYTES) outgoing.destroy(new Error('the answer is too long'));
            else chunks.push(chunk);
          });
          incoming.on('error', failed);
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 0,
              type: incoming.headers['x-amzn-errortype']?.toString(),
              text: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        },
      );
      outgoing.on('timeout', () =>
        outgoing.destroy(new Error(`no answer within ${TIMEOUT_MILLISECONDS} ms`)),
      );
      outgoing.on('error', failed);
      outgoing.end(body ? JSON.stringify(body) : undefined);
    });
  }
}
