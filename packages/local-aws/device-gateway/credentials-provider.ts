/**
 * The AWS IoT credentials provider: a certificate for temporary AWS credentials.
 * docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html
 */
import { AccessRefused, type Iam } from '../iam/iam';
import type { TemporaryCredentials } from '../shared/credential-cache';
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
  readonly credentials: TemporaryCredentials;
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
 * The session is named by the certificate, as the real service names it. Of the request it says nothing to the trust
 * policy: AWS documents only a trust without conditions, so one with a condition trusts nobody here.
 * @throws Refusal when the role does not trust the credentials provider
 */
export async function assumeRole(
  iam: Pick<Iam, 'assumeRole'>,
  { roleArn, credentialDurationSeconds: durationSeconds }: RoleAlias,
  sessionName: string,
): Promise<CredentialsAnswer> {
  const request = { roleArn, service: 'credentials.iot.amazonaws.com', sessionName, durationSeconds };
  const credentials = await iam.assumeRole(request).catch((error: Error) => {
    if (!(error instanceof AccessRefused)) throw error;
    throw forbidden(`${roleArn} does not trust the credentials provider: ${error.message}`);
  });
  return { credentials };
}
