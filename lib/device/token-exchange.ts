import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { roleAliasName } from '../../lambda/device/names';
import type { ModelRegistry } from '../registry/model-registry';
import type { AppConfig } from '../shared/app-config';
import type { TelemetryStore } from '../telemetry/telemetry-store';

/** The credentials provider replaces it by the name of the thing that asks for credentials. */
const THING = `\${credentials-iot:ThingName}`;
const CREDENTIAL_SECONDS = 3_600;

export interface TokenExchangeProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly telemetry: TelemetryStore;
  readonly registry: ModelRegistry;
}

/** The role behind a device's AWS credentials: put its own captures, get components and releases. */
export class TokenExchange extends Construct {
  readonly role: iam.Role;
  readonly roleAliasName: string;
  readonly roleAliasArn: string;

  constructor(scope: Construct, id: string, props: TokenExchangeProps) {
    super(scope, id);
    this.roleAliasName = roleAliasName(props.config);
    this.roleAliasArn = Stack.of(this).formatArn({
      service: 'iot',
      resource: 'rolealias',
      resourceName: this.roleAliasName,
    });
    // Only a trust without conditions is documented for the credentials provider: whether it tells STS aws:SourceArn and
    // aws:SourceAccount is not (docs.aws.amazon.com/iot/latest/developerguide/authorizing-direct-aws.html), and a wrong
    // guess means that no device gets credentials. iam:PassRole guards who may make an alias of this role.
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('credentials.iot.amazonaws.com'),
    });
    props.telemetry.grantPutCaptures(this.role, props.config.useCase, THING);
    if (props.config.secondOpinion) {
      props.telemetry.grantPutQuestions(this.role, props.config.useCase, THING);
    }
    props.registry.grantInstallReleases(this.role);
    this.role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'UseBucketKey',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [props.encryptionKey.keyArn],
      }),
    );
    new iot.CfnRoleAlias(this, 'Alias', {
      roleAlias: this.roleAliasName,
      roleArn: this.role.roleArn,
      credentialDurationSeconds: CREDENTIAL_SECONDS,
    });
  }

  /** Allows devices to read every asset of this stack, earlier versions too: a device may be told to go back. */
  grantReadStackAssets(bucket: s3.IBucket, prefix: string): void {
    this.role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'GetBaseComponents',
        actions: ['s3:GetObject'],
        resources: [bucket.arnForObjects(`${prefix}*`)],
      }),
    );
    this.role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'LocateBaseComponents',
        actions: ['s3:GetBucketLocation'],
        resources: [bucket.bucketArn],
      }),
    );
  }
}
