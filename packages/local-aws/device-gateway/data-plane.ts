/** The Greengrass data plane for devices: what a certificate may ask, and of whom. */
import type { DeviceIdentity } from './device-identity';
import { policiesAllow } from './iot-policy';
import { forbidden, Refusal } from './refusal';

export interface Account {
  readonly region: string;
  readonly accountId: string;
}

function greengrassArn({ region, accountId }: Account, resource: string): string {
  return `arn:aws:greengrass:${region}:${accountId}:${resource}`;
}

/** @throws Refusal when the certificate belongs to no thing, or no policy allows the action on every resource */
function authorize(identity: DeviceIdentity, action: string, resources: readonly string[]): void {
  if (identity.things.length === 0) throw forbidden('The certificate is attached to no thing');
  const refused = resources.find((resource) => !policiesAllow(identity.policies, action, resource));
  if (refused !== undefined) throw forbidden(`No policy allows ${action} on ${refused}`);
}

/** @throws Refusal */
export function authorizeResolve(account: Account, identity: DeviceIdentity, body: unknown): void {
  const { componentCandidates } = (body ?? {}) as { componentCandidates?: { componentName?: string }[] };
  if (!Array.isArray(componentCandidates)) throw new Refusal(400, 'componentCandidates: is required');
  const resources = componentCandidates.map(({ componentName }) =>
    greengrassArn(account, `components:${componentName}:versions:*`),
  );
  authorize(identity, 'greengrass:ResolveComponentCandidates', resources);
}

/** @throws Refusal */
export function authorizeArtifact(identity: DeviceIdentity, componentVersionArn: string): void {
  authorize(identity, 'greengrass:GetComponentVersionArtifact', [componentVersionArn]);
}

/** @throws Refusal, also when the thing is another than the certificate's */
export function authorizeThingGroups(account: Account, identity: DeviceIdentity, thingName: string): void {
  if (!identity.things.includes(thingName))
    throw forbidden(`The certificate is not attached to ${thingName}`);
  const resource = greengrassArn(account, `coreDevices:${thingName}`);
  authorize(identity, 'greengrass:ListThingGroupsForCoreDevice', [resource]);
}
