/** What our services need of IAM: whether a request may do what it asks, and credentials of a role that trusts them. */
import type { TemporaryCredentials } from '../shared/credential-cache';

/** One question to the caller's policies. */
export interface AccessCheck {
  /** `service:Action`. */
  readonly action: string;
  /** ARN; `*` where the service authorization reference knows no resource type. */
  readonly resource: string;
  /** Condition keys that the request carries; AWS leaves out those that it has no value for. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** A request as it came over the wire, to be authenticated by its signature. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** Names and values by turns, as Node's `rawHeaders`. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A request, or a session that {@link Iam.assumeRole} has given out. */
export type Caller = SignedRequest | TemporaryCredentials;

export interface AssumeRoleRequest {
  readonly roleArn: string;
  /** The service that assumes it, such as `sagemaker.amazonaws.com`. */
  readonly service: string;
  /** On whose behalf: `aws:SourceArn`, and with it `aws:SourceAccount`, of the role's trust policy. */
  readonly sourceArn?: string;
  readonly sessionName: string;
  /** @default 3600 */
  readonly durationSeconds?: number;
}

export interface Iam {
  /** @throws AccessRefused for the first check that the caller's policies do not allow, or for who the caller is not */
  authorize(caller: Caller, checks: readonly AccessCheck[]): Promise<void>;
  /** @throws AccessRefused when there is no such role, or it does not trust the service */
  assumeRole(request: AssumeRoleRequest): Promise<TemporaryCredentials>;
}

export type RefusalCode =
  | 'AccessDenied'
  | 'AccessDeniedException'
  | 'ExpiredTokenException'
  | 'IncompleteSignatureException'
  | 'InvalidSignatureException'
  | 'MissingAuthenticationTokenException'
  | 'UnrecognizedClientException';

/** `code` is the name of AWS's error, `message` its sentence. */
export class AccessRefused extends Error {
  override readonly name = 'AccessRefused';

  constructor(
    readonly code: RefusalCode,
    message: string,
  ) {
    super(message);
  }
}

/** The longest that a role of the default maximum session duration gives. */
const SESSION_SECONDS = 3600;

/** IAM as ministack has it, by the endpoint that `authorization.py` adds. */
export class MinistackIam implements Iam {
  /** @param endpoint URL of ministack */
  constructor(private readonly endpoint: string) {}

  async authorize(caller: Caller, checks: readonly AccessCheck[]): Promise<void> {
    await this.ask('authorize', { ...('accessKeyId' in caller ? sessionOf(caller) : sent(caller)), checks });
  }

  async assumeRole(request: AssumeRoleRequest): Promise<TemporaryCredentials> {
    return this.ask('assume-role', { durationSeconds: SESSION_SECONDS, ...request });
  }

  private async ask<Answer>(path: string, body: object): Promise<Answer> {
    const answer = await fetch(`${this.endpoint}/_local-aws/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`IAM answered ${answer.status}: ${await answer.text()}`);
    const { error, ...rest } = (await answer.json()) as { error?: { code: RefusalCode; message: string } };
    if (error) throw new AccessRefused(error.code, error.message);
    return rest as Answer;
  }
}

const sessionOf = ({ accessKeyId }: TemporaryCredentials): object => ({ accessKeyId });

function sent({ method, url, rawHeaders, body }: SignedRequest): object {
  const headers = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1]]] : [],
  );
  return { request: { method, url, headers, body: Buffer.from(body).toString('base64') } };
}

/** A header by which the parts of the local AWS call each other: root's key, whose signatures nobody checks. */
export function rootAuthorization(accessKeyId: string): { readonly authorization: string } {
  return {
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/19700101/local/local-aws/aws4_request`,
  };
}
