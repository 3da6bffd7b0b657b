/** What a job does in AWS it does with the credentials of its role: its downloads and uploads, and its own process. */
import { randomBytes } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { startContainerCredentials } from '../../shared/container-credentials';
import type { CredentialCache } from '../../shared/credential-cache';

/** docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html; SageMaker's is a relative one. */
const PATH = '/v2/credentials';
const TOKEN_BYTES = 32;

interface Location {
  readonly endpoint: string;
  readonly region: string;
}

/** An S3 client whose credentials are renewed before they end. */
export function s3ClientOf(location: Location, credentials: CredentialCache): S3Client {
  return new S3Client({
    ...location,
    forcePathStyle: true,
    credentials: async () => {
      const { expiration, ...keys } = await credentials.get();
      return { ...keys, expiration: new Date(expiration) };
    },
  });
}

/** Hands every job its role's credentials as SageMaker does: at an address in the job's environment. */
export class JobCredentials {
  private readonly byToken = new Map<string, CredentialCache>();

  private constructor(
    private readonly url: string,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(): Promise<JobCredentials> {
    const { url, stop } = await startContainerCredentials(PATH, (token) => jobs.byToken.get(token));
    const jobs: JobCredentials = new JobCredentials(url, stop);
    return jobs;
  }

  /** @returns the variables by which the job's SDK finds them; `revoke` ends that */
  give(credentials: CredentialCache): { environment: Record<string, string>; revoke: () => void } {
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    this.byToken.set(token, credentials);
    return {
      environment: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: this.url,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
      },
      revoke: () => this.byToken.delete(token),
    };
  }
}
