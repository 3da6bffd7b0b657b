/** Who a client certificate speaks for. */
import { createHash } from 'node:crypto';
import {
  DescribeCertificateCommand,
  GetPolicyCommand,
  type IoTClient,
  paginateListAttachedPolicies,
  paginateListPrincipalThings,
  paginateListThingGroupsForThing,
} from '@aws-sdk/client-iot';
import type { PolicyDocument } from './iot-policy';
import { forbidden } from './refusal';

export interface DeviceIdentity {
  readonly certificateId: string;
  /** Things that the certificate is attached to. */
  readonly things: readonly string[];
  /** Policies of the certificate itself, the only ones that Greengrass's data plane takes. */
  readonly ownPolicies: readonly PolicyDocument[];
  /** Those, and the policies of the groups of its things. */
  readonly policies: readonly PolicyDocument[];
}

export interface ThingGroup {
  readonly thingGroupName: string;
  readonly thingGroupArn: string;
}

/** What the gateway reads from the IoT registry. */
export interface IotRegistry {
  /** undefined when IoT does not know the certificate. */
  certificate(id: string): Promise<{ readonly arn: string; readonly active: boolean } | undefined>;
  thingsOf(certificateArn: string): Promise<string[]>;
  groupsOf(thingName: string): Promise<ThingGroup[]>;
  policiesOf(targetArn: string): Promise<PolicyDocument[]>;
}

/** AWS IoT's id of a certificate: the SHA-256 of its DER, in hex. */
export function certificateIdOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

/**
 * Read anew for every request, so that a certificate that is deactivated, detached or loses a policy is refused at once.
 * @throws Refusal when IoT does not know the certificate or it is not ACTIVE
 */
export async function identify(registry: IotRegistry, certificateId: string): Promise<DeviceIdentity> {
  const certificate = await registry.certificate(certificateId);
  if (!certificate) throw forbidden('The certificate is not registered');
  if (!certificate.active) throw forbidden('The certificate is not active');
  const things = await registry.thingsOf(certificate.arn);
  const groups = (await Promise.all(things.map((thing) => registry.groupsOf(thing)))).flat();
  const ownPolicies = await registry.policiesOf(certificate.arn);
  const groupArns = new Set(groups.map(({ thingGroupArn }) => thingGroupArn));
  const inherited = await Promise.all([...groupArns].map((group) => registry.policiesOf(group)));
  return { certificateId, things, ownPolicies, policies: [...ownPolicies, ...inherited.flat()] };
}

export class AwsIotRegistry implements IotRegistry {
  constructor(private readonly client: IoTClient) {}

  async certificate(certificateId: string): Promise<{ arn: string; active: boolean } | undefined> {
    try {
      const answer = await this.client.send(new DescribeCertificateCommand({ certificateId }));
      const { certificateArn, status } = answer.certificateDescription ?? {};
      return certificateArn ? { arn: certificateArn, active: status === 'ACTIVE' } : undefined;
    } catch (error) {
      if ((error as Error).name === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }

  async thingsOf(principal: string): Promise<string[]> {
    const things: string[] = [];
    for await (const page of paginateListPrincipalThings({ client: this.client }, { principal }))
      things.push(...(page.things ?? []));
    return things;
  }

  async groupsOf(thingName: string): Promise<ThingGroup[]> {
    const groups: ThingGroup[] = [];
    for await (const page of paginateListThingGroupsForThing({ client: this.client }, { thingName }))
      for (const { groupName, groupArn } of page.thingGroups ?? [])
        if (groupName && groupArn) groups.push({ thingGroupName: groupName, thingGroupArn: groupArn });
    return groups;
  }

  async policiesOf(target: string): Promise<PolicyDocument[]> {
    const names: string[] = [];
    for await (const page of paginateListAttachedPolicies({ client: this.client }, { target }))
      names.push(...(page.policies ?? []).flatMap(({ policyName }) => policyName ?? []));
    return Promise.all(
      names.map(async (policyName) => {
        const { policyDocument } = await this.client.send(new GetPolicyCommand({ policyName }));
        return JSON.parse(policyDocument ?? '{"Statement":[]}') as PolicyDocument;
      }),
    );
  }
}
