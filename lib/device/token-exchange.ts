import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { AppConfig } from '../shared/app-config';
import { capturePrefix, roleAliasName } from '../shared/names';
import { serviceRole } from '../shared/service-role';

/** The credentials provider replaces it by the name of the thing that asks for credentials. */
const THING = `\${credentials-iot:ThingName}`;
const CREDENTIAL_SECONDS = 3_600;

export interface TokenExchangeProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  readonly telemetryBucket: s3.Bucket;
  readonly modelBucket: s3.Bucket;
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
    this.role = serviceRole(this, 'Role', 'credentials.iot.amazonaws.com', this.roleAliasArn);
    const allow = (sid: string, actions: string[], resources: string[]) =>
      this.role.addToPolicy(new iam.PolicyStatement({ sid, actions, resources }));
    allow(
      'PutOwnCaptures',
      ['s3:PutObject'],
      [props.telemetryBucket.arnForObjects(`${capturePrefix(props.config, THING)}/*`)],
    );
    allow(
      'GetReleases',
      ['s3:GetObject'],
      ['releases/blobs/*', 'releases/envelopes/*', 'components/*'].map((prefix) =>
        props.modelBucket.arnForObjects(prefix),
      ),
    );
    // The nucleus asks for the region of a bucket before it reads from it.
    allow('LocateReleases', ['s3:GetBucketLocation'], [props.modelBucket.bucketArn]);
    allow('UseBucketKey', ['kms:Decrypt', 'kms:GenerateDataKey'], [props.encryptionKey.keyArn]);
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
