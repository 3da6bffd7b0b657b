import type { S3Client } from '@aws-sdk/client-s3';
import type { CaptureStore } from '../ports';

const CONNECT_MILLISECONDS = 5_000;
const REQUEST_MILLISECONDS = 30_000;

/**
 * S3 with the credentials of the token-exchange service, which the default chain reads from
 * `AWS_CONTAINER_CREDENTIALS_FULL_URI`, through the proxy that a nucleus with one sets for its components. Client and proxy are loaded at the first upload: most starts do not need them at once.
 */
export class S3CaptureStore implements CaptureStore {
  private client: Promise<{ s3: S3Client; sdk: typeof import('@aws-sdk/client-s3') }> | undefined;

  constructor(private readonly region: string | undefined) {}

  async put(
    bucket: string,
    key: string,
    body: Buffer,
    contentType: string,
    signal?: AbortSignal,
  ): Promise<void> {
    this.client ??= this.load();
    const { s3, sdk } = await this.client;
    await s3.send(
      new sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }),
      { ...(signal && { abortSignal: signal }) },
    );
  }

  private async load() {
    const [sdk, { siteProxy }] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('../../../../contracts/site-proxy.js'),
    ]);
    const proxy = siteProxy();
    const s3 = new sdk.S3Client({
      ...(this.region && { region: this.region }),
      // The spool retries with its own backoff.
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: CONNECT_MILLISECONDS,
        requestTimeout: REQUEST_MILLISECONDS,
        ...(proxy && { httpsAgent: proxy }),
      },
    });
    return { s3, sdk };
  }
}
