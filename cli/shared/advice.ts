/** What an error says, and what to do about it. Pure. */

export interface Explanation {
  readonly message: string;
  /** The next step, where one is known. */
  readonly advice?: string | undefined;
}

/** What {@link namingOperations} adds to an error of the SDK. */
export interface FailedOperation {
  /** As the SDK calls it: `S3`, `DynamoDB`. */
  readonly service: string;
  /** `GetObject` */
  readonly operation: string;
}

const failedOperations = new WeakMap<object, FailedOperation>();

/** Remembers which request an error answers: AWS does not always say it. */
export function rememberOperation(error: unknown, failed: FailedOperation): void {
  if (typeof error === 'object' && error !== null) failedOperations.set(error, failed);
}

/** Actions of IAM that are not called as their operations. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
const ACTIONS: Readonly<Record<string, string>> = {
  's3:ListObjectsV2': 's3:ListBucket',
  's3:ListObjectVersions': 's3:ListBucketVersions',
  's3:HeadObject': 's3:GetObject',
  's3:HeadBucket': 's3:ListBucket',
  's3:CopyObject': 's3:PutObject',
  's3:DeleteObjects': 's3:DeleteObject',
  'lambda:Invoke': 'lambda:InvokeFunction',
};
/** Prefixes of IAM that are not the services' names in small letters. https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html */
const PREFIXES: Readonly<Record<string, string>> = {
  SFN: 'states',
  GreengrassV2: 'greengrass',
  CloudWatchLogs: 'logs',
};

/** `s3:GetObject`, as a policy would have to allow it. */
export function actionOf({ service, operation }: FailedOperation): string {
  const action = `${PREFIXES[service] ?? service.toLowerCase()}:${operation}`;
  return ACTIONS[action] ?? action;
}

const isNamed = (error: unknown, names: RegExp): boolean => error instanceof Error && names.test(error.name);
const codeOf = (error: unknown): string => String((error as { readonly code?: unknown } | null)?.code ?? '');

const SIGN_IN =
  'sign in to AWS again (`aws sso login`, or whatever gave you the credentials), or set AWS_PROFILE to a profile that is signed in';

interface Rule {
  readonly says: (message: string, error: unknown) => boolean;
  readonly advice: string | ((message: string, error: unknown) => string);
}

/** The first rule that fits speaks. */
const RULES: readonly Rule[] = [
  {
    says: (message, error) => message.includes('ECONNREFUSED') || codeOf(error) === 'ECONNREFUSED',
    advice:
      'nobody answers at this address: for the local AWS run `npm run local` and `. out/local.env` again (its ports change), for an account unset AWS_ENDPOINT_URL',
  },
  {
    says: (message) => /^Region is missing/.test(message),
    advice:
      'set AWS_REGION, or AWS_PROFILE to a profile that has a region; for the local AWS `. out/local.env`',
  },
  {
    says: (message, error) =>
      /^Could not load credentials/.test(message) ||
      (isNamed(error, /^CredentialsProviderError$/) && !/expired/i.test(message)),
    advice:
      'sign in to AWS, or set AWS_PROFILE to a profile that is signed in; for the local AWS `. out/local.env`',
  },
  {
    says: (message, error) =>
      isNamed(error, /^(ExpiredToken(Exception)?|RequestExpired|TokenRefreshRequired)$/) ||
      /(token|session|credentials?)\b.* (is|are|has|have) expired/i.test(message),
    advice: SIGN_IN,
  },
  {
    says: (_, error) =>
      isNamed(error, /^(UnrecognizedClientException|InvalidClientTokenId|InvalidAccessKeyId|AuthFailure)$/),
    advice:
      'AWS does not know these credentials: `aws sts get-caller-identity` says which ones are used; unset AWS_ENDPOINT_URL unless you mean the local AWS',
  },
  {
    says: (_, error) =>
      isNamed(error, /^(RequestTimeTooSkewed|SignatureDoesNotMatch|InvalidSignatureException)$/),
    advice: 'the signature does not fit: set the clock of this machine, then look at the secret key',
  },
  {
    says: (message, error) =>
      isNamed(
        error,
        /^(AccessDenied(Exception)?|AuthorizationError(Exception)?|UnauthorizedOperation|ForbiddenException)$/,
      ) || /is not authorized to perform/.test(message),
    advice: (message, error) =>
      `${allowOf(message, error)}; \`aws sts get-caller-identity\` says who you are`,
  },
  {
    says: (_, error) => isNamed(error, /^(Throttling(Exception)?|TooManyRequestsException|SlowDown)$/),
    advice: 'AWS asks to go slower: run the command again in a minute',
  },
  {
    says: (message, error) => /ENOTFOUND|EAI_AGAIN/.test(`${message} ${codeOf(error)}`),
    advice: 'this name cannot be looked up: check AWS_REGION for its spelling, then the network',
  },
  {
    says: (message, error) =>
      /ETIMEDOUT|ECONNRESET|EHOSTUNREACH|ENETUNREACH/.test(`${message} ${codeOf(error)}`),
    advice: 'the network does not let it through: where a site has a proxy, set HTTPS_PROXY and NO_PROXY',
  },
  {
    says: (message, error) =>
      /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY)/.test(codeOf(error)) ||
      /self-signed certificate/.test(message),
    advice: 'a proxy that opens TLS has its own authority: name its certificate in NODE_EXTRA_CA_CERTS',
  },
];

/** Which action a policy would have to allow, by what AWS says or else by what was asked. */
function allowOf(message: string, error: unknown): string {
  const said = /not authorized to perform:? ([a-z0-9-]+:\w+)/i.exec(message)?.[1];
  const failed = typeof error === 'object' && error !== null ? failedOperations.get(error) : undefined;
  const action = said ?? (failed && actionOf(failed));
  if (action === undefined) return 'no policy of yours allows it';
  return `a policy of yours must allow ${action}`;
}

/** Node gives an error without a text where a name has several addresses and none of them answers. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || codeOf(error) || error.name;
}

/** An error in words. */
export function explain(error: unknown): Explanation {
  const message = messageOf(error);
  const advice = RULES.find(({ says }) => says(message, error))?.advice;
  return { message, advice: typeof advice === 'function' ? advice(message, error) : advice };
}
