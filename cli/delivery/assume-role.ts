import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** In CloudTrail, beside the role. */
const SESSION_NAME = 'kaizen-delivery';
/** The least that STS gives: a verification takes seconds, a comparison minutes. */
const SESSION_SECONDS = 900;

/** @throws Error that names the role, when STS refuses */
export async function assumeRole(client: STSClient, RoleArn: string): Promise<SessionCredentials> {
  const { Credentials } = await client.send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: SESSION_NAME, DurationSeconds: SESSION_SECONDS }),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken)
    throw new Error(`STS gave no credentials of ${RoleArn}`);
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

/** What the SDK, the CDK and the AWS CLI read them from. */
export const credentialVariables = (
  credentials: SessionCredentials,
  region: string,
): Readonly<Record<string, string>> => ({
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_SESSION_TOKEN: credentials.sessionToken,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
});
