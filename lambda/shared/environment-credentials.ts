/**
 * Credentials of a function: its role's, which Lambda puts into the environment before the process starts and does not
 * change. Bundles have this in the place of the SDK's chain of ten sources (scripts/build-handlers.ts), whose clients for
 * single sign-on and STS are an eighth of a bundle and are loaded by every start.
 */

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Has the form of `defaultProvider` of @aws-sdk/credential-provider-node. @throws Error when the environment has none */
export function defaultProvider(): () => Promise<Credentials> {
  return async () => {
    const {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    } = process.env;
    if (!accessKeyId || !secretAccessKey) {
      throw new Error(
        'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: must be set, as Lambda does for a function',
      );
    }
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  };
}
