import { Stack } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { devicePolicyName } from '../../lambda/device/names';
import { deviceTopic, toDevice } from '../../lambda/telemetry/names';
import type { AppConfig } from '../shared/app-config';

/** AWS IoT replaces it by the name of the thing whose certificate made the connection. */
const THING = `\${iot:Connection.Thing.ThingName}`;

/** Characters without whitespace; docs.aws.amazon.com/iot/latest/apireference/API_CreatePolicy.html */
const LONGEST_DOCUMENT = 2_048;

export interface DevicePolicyProps {
  readonly config: AppConfig;
  readonly roleAliasArn: string;
}

/**
 * What a device's certificate may do: speak for its own thing and for no other. Thing-policy variables resolve
 * on MQTT connections whose client id is the thing's name, or whose certificate belongs to one thing exclusively
 * (docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html); the Greengrass data plane is HTTPS, where
 * they do not resolve, so its statements name resources of the account
 * (docs.aws.amazon.com/greengrass/v2/developerguide/device-auth.html says which resources each operation has).
 */
export class DevicePolicy extends Construct {
  readonly policyName: string;

  constructor(scope: Construct, id: string, props: DevicePolicyProps) {
    super(scope, id);
    this.policyName = devicePolicyName(props.config);
    const policyDocument = { Version: '2012-10-17', Statement: this.statements(props) };
    const { length } = JSON.stringify(Stack.of(this).resolve(policyDocument));
    if (length > LONGEST_DOCUMENT) {
      throw new Error(
        `useCase '${props.config.useCase}' and environmentName '${props.config.environmentName}' are too long: the device policy has ${length} characters, AWS IoT takes ${LONGEST_DOCUMENT}`,
      );
    }
    new iot.CfnPolicy(this, 'Policy', { policyName: this.policyName, policyDocument });
  }

  /** Without ids, and with as few statements as say it: AWS IoT counts every character. */
  private statements({ config, roleAliasArn }: DevicePolicyProps): object[] {
    const iotArn = (resource: string, name: string) =>
      Stack.of(this).formatArn({ service: 'iot', resource, resourceName: name });
    const greengrassArn = (account: string, resource: string) =>
      `arn:${Stack.of(this).partition}:greengrass:${config.region}:${account}:${resource}`;
    const allow = (Action: string | string[], Resource: string | string[]) => ({
      Effect: 'Allow',
      Action,
      Resource,
    });
    const thingTopics = `$aws/things/${THING}`;
    // Jobs carry the deployments of thing groups; the nucleus's own shadow those of single things. In what it is told
    // it may also answer, which reaches nobody but itself, and ask: a statement of its own would be 75 characters.
    const conversations = [
      `${thingTopics}/jobs/*`,
      // AWSManagedGreengrassV2Deployment; the names that AWS manages begin so.
      `${thingTopics}/shadow/name/AWSManaged*`,
      `${toDevice(THING)}/*`,
    ];
    const reports = [
      // `greengrass` and `greengrassv2`.
      `${thingTopics}/greengrass*/health/json`,
      deviceTopic(config, 'results', THING),
      deviceTopic(config, 'status', THING),
    ];
    return [
      {
        // Beyond 50 subscriptions the classic nucleus makes a second connection, `<thing>#2`. No thing's name has a `#`.
        ...allow('iot:Connect', [iotArn('client', THING), iotArn('client', `${THING}#*`)]),
        Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
      },
      // One statement for what three would say no better: filters are subscribed to and topics are not, and nothing is
      // received but what was subscribed to.
      allow(
        ['iot:Publish', 'iot:Receive', 'iot:Subscribe'],
        [
          ...[...conversations, ...reports].map((topic) => iotArn('topic', topic)),
          ...conversations.map((filter) => iotArn('topicfilter', filter)),
        ],
      ),
      allow('iot:AssumeRoleWithCertificate', roleAliasArn),
      // These actions know no resources: with an ARN the nucleus is refused, and its deployment fails.
      allow(['greengrass:ResolveComponentCandidates', 'greengrass:GetDeploymentConfiguration'], '*'),
      allow('greengrass:GetComponentVersionArtifact', [
        greengrassArn(config.account, 'components:*'),
        // Components that AWS publishes, such as aws.greengrass.Nucleus.
        greengrassArn('aws', 'components:aws.greengrass.*'),
      ]),
      allow('greengrass:ListThingGroupsForCoreDevice', iotArn('thing', '*')),
    ];
  }
}
