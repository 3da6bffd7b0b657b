/**
 * The AWS IoT credentials provider: a certificate for temporary AWS credentials.
 * docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
 */
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import type { DeviceIdentity } from './device-identity';
import { policiesAllow } from './iot-policy';
import { forbidden } from './refusal';

export interface RoleAlias {
  readonly roleArn: string;
  /** Lifetime of the credentials. */
  readonly credentialDurationSeconds: number;
}

/** The answer's body, as AWS writes it. */
export interface CredentialsAnswer {
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
    /** ISO 8601. */
    readonly expiration: string;
  };
}

export interface CredentialsRequest {
  readonly alias: string;
  readonly aliasArn: string;
  /** Header `x-amzn-iot-thingname`. */
  readonly thingName: string | undefined;
}

/**
 * @returns the alias to assume
 * @throws Refusal naming the rule that the request breaks
 */
export function authorizeCredentials(
  identity: DeviceIdentity,
  request: CredentialsRequest,
  aliases: ReadonlyMap<string, RoleAlias>,
): RoleAlias {
  const { alias, aliasArn, thingName } = request;
  if (thingName === undefined) throw forbidden('The header x-amzn-iot-thingname is missing');
  if (!identity.things.includes(thingName))
    throw forbidden(`The certificate is not attached to ${thingName}`);
  if (!policiesAllow(identity.policies, 'iot:AssumeRoleWithCertificate', aliasArn))
    throw forbidden(`No policy allows iot:AssumeRoleWithCertificate on ${aliasArn}`);
  const found = aliases.get(alias);
  if (!found) throw forbidden(`There is no role alias ${alias}`);
  return found;
}

/**
 * The session is named by the certificate, as the real service names it.
 * @throws Refusal when the role does not trust the credentials provider
 */
export async function assumeRole(
  sts: STSClient,
  role: RoleAlias,
  certificateId: string,
): Promise<CredentialsAnswer> {
  const command = new AssumeRoleCommand({
    RoleArn: role.roleArn,
    RoleSessionName: certificateId,
    DurationSeconds: role.credentialDurationSeconds,
  });
  const { Credentials } = await sts.send(command).catch((error: Error) => {
    if (error.name !== 'AccessDenied') throw error;
    throw forbidden(`${role.roleArn} does not trust the credentials provider: ${error.message}`);
  });
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration)
    throw new Error(`AssumeRole of ${role.roleArn} gave no credentials`);
  return {
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration.toISOString(),
    },
  };
}
