/**
 * The Greengrass data plane for devices: what a certificate may ask, and of whom. Each operation is authorized on the
 * resources that AWS documents for it (docs.aws.amazon.com/greengrass/v2/developerguide/device-auth.html), by policies of
 * the certificate: those of thing groups do not count (docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html).
 */
import type { DeviceIdentity } from './device-identity';
import { policiesAllow } from './iot-policy';
import { forbidden, Refusal } from './refusal';

export interface Account {
  readonly region: string;
  readonly accountId: string;
}

/** Of operations that know no resources: only a policy about every resource allows them. */
const EVERY_RESOURCE = '*';

/** @throws Refusal when the certificate belongs to no thing, or no policy allows the action on the resource */
function authorize(identity: DeviceIdentity, action: string, resource: string): void {
  if (identity.things.length === 0) throw forbidden('The certificate is attached to no thing');
  if (!policiesAllow(identity.ownPolicies, action, resource))
    throw forbidden(`No policy allows ${action} on ${resource}`);
}

/** @throws Refusal */
export function authorizeResolve(identity: DeviceIdentity, body: unknown): void {
  authorize(identity, 'greengrass:ResolveComponentCandidates', EVERY_RESOURCE);
  const { componentCandidates } = (body ?? {}) as { componentCandidates?: unknown };
  if (!Array.isArray(componentCandidates)) throw new Refusal(400, 'componentCandidates: is required');
}

/** @throws Refusal */
export function authorizeArtifact(identity: DeviceIdentity, componentVersionArn: string): void {
  authorize(identity, 'greengrass:GetComponentVersionArtifact', componentVersionArn);
}

/** @throws Refusal, also when the thing is another than the certificate's */
export function authorizeThingGroups(account: Account, identity: DeviceIdentity, thingName: string): void {
  if (!identity.things.includes(thingName))
    throw forbidden(`The certificate is not attached to ${thingName}`);
  const { region, accountId } = account;
  const thing = `arn:aws:iot:${region}:${accountId}:thing/${thingName}`;
  authorize(identity, 'greengrass:ListThingGroupsForCoreDevice', thing);
}
