import { Stack } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { devicePolicyName } from '../../lambda/device/names';
import { deviceTopic } from '../../lambda/telemetry/names';
import type { AppConfig } from '../shared/app-config';

/** AWS IoT replaces it by the name of the thing whose certificate made the connection. */
const THING = `\${iot:Connection.Thing.ThingName}`;

export interface DevicePolicyProps {
  readonly config: AppConfig;
  readonly roleAliasArn: string;
}

/**
 * What a device's certificate may do: speak for its own thing and for no other. Thing-policy variables resolve
 * only on MQTT connections whose client id is the thing name, so Connect allows no other client id; the
 * Greengrass data plane is HTTPS, where they do not resolve, so its statement names resources of the account.
 */
export class DevicePolicy extends Construct {
  readonly policyName: string;

  constructor(scope: Construct, id: string, props: DevicePolicyProps) {
    super(scope, id);
    this.policyName = devicePolicyName(props.config);
    new iot.CfnPolicy(this, 'Policy', {
      policyName: this.policyName,
      policyDocument: { Version: '2012-10-17', Statement: this.statements(props) },
    });
  }

  private statements({ config, roleAliasArn }: DevicePolicyProps): object[] {
    const iotArn = (resource: string, name: string) =>
      Stack.of(this).formatArn({ service: 'iot', resource, resourceName: name });
    const greengrassArn = (account: string, resource: string) =>
      `arn:${Stack.of(this).partition}:greengrass:${config.region}:${account}:${resource}`;
    const thingTopics = `$aws/things/${THING}`;
    // Jobs carry the deployments of thing groups; the nucleus's own shadow those of single things.
    const conversations = [
      `${thingTopics}/jobs/*`,
      `${thingTopics}/shadow/name/AWSManagedGreengrassV2Deployment/*`,
    ];
    return [
      {
        Sid: 'ConnectAsItself',
        Effect: 'Allow',
        Action: 'iot:Connect',
        Resource: iotArn('client', THING),
        Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
      },
      {
        Sid: 'PublishAsItself',
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: [
          ...conversations,
          `${thingTopics}/greengrass/health/json`,
          `${thingTopics}/greengrassv2/health/json`,
          deviceTopic(config, 'results', THING),
          deviceTopic(config, 'status', THING),
        ].map((topic) => iotArn('topic', topic)),
      },
      {
        Sid: 'SubscribeAsItself',
        Effect: 'Allow',
        Action: 'iot:Subscribe',
        Resource: conversations.map((filter) => iotArn('topicfilter', filter)),
      },
      {
        Sid: 'ReceiveAsItself',
        Effect: 'Allow',
        Action: 'iot:Receive',
        Resource: conversations.map((topic) => iotArn('topic', topic)),
      },
      {
        Sid: 'ExchangeCertificateForCredentials',
        Effect: 'Allow',
        Action: 'iot:AssumeRoleWithCertificate',
        Resource: roleAliasArn,
      },
      {
        Sid: 'ResolveAndFetchComponents',
        Effect: 'Allow',
        Action: [
          'greengrass:GetComponentVersionArtifact',
          'greengrass:ResolveComponentCandidates',
          'greengrass:GetDeploymentConfiguration',
          'greengrass:ListThingGroupsForCoreDevice',
        ],
        Resource: [
          greengrassArn(config.account, 'components:*'),
          // Components that AWS publishes, such as aws.greengrass.Nucleus.
          greengrassArn('aws', 'components:aws.greengrass.*'),
          greengrassArn(config.account, 'coreDevices:*'),
          greengrassArn(config.account, 'deployments:*'),
        ],
      },
    ];
  }
}
