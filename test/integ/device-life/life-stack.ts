/** What a device's life needs of the cloud, by the application's own constructs and without a function: no bundle to deploy. */
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import cdkJson from '../../../cdk.json';
import { local } from '../../../config/local';
import { DeviceFleet } from '../../../lib/device/device-fleet';
import { DevicePolicy } from '../../../lib/device/device-policy';
import { TokenExchange } from '../../../lib/device/token-exchange';
import { ModelRegistry } from '../../../lib/registry/model-registry';
import { type AppConfig, parseConfig } from '../../../lib/shared/app-config';
import { EncryptionKey } from '../../../lib/shared/encryption-key';
import { stackProps } from '../../../lib/shared/stack-props';
import { TelemetryIntake } from '../../../lib/telemetry/telemetry-intake';
import { TelemetryStore } from '../../../lib/telemetry/telemetry-store';

/** Every frame is answered and nothing is uploaded; what is lost on the way goes again within seconds. */
export const CONFIG: AppConfig = parseConfig(
  {
    ...local,
    device: {
      ...local.device,
      frames: { policy: 'every', queueLength: 64 },
      upload: { ...local.device.upload, privacy: 'never' },
      outbox: { maximumBytes: 8_388_608, batchRecords: 50, flushMilliseconds: 50 },
      confirmations: { askSeconds: 1, resendSeconds: 2 },
      shadowFrames: 0,
    },
  },
  'the configuration of the test',
);

class LifeStack extends Stack {
  constructor(scope: App) {
    super(scope, 'Life', stackProps(CONFIG, 'fleet', 'What the life of a device needs'));
    const config = CONFIG;
    const encryptionKey = new EncryptionKey(this, 'EncryptionKey', config);
    const shared = { config, encryptionKey };
    const registry = new ModelRegistry(this, 'Registry', shared);
    const telemetry = new TelemetryStore(this, 'Telemetry', shared);
    const fleet = new DeviceFleet(this, 'Devices', config);
    const exchange = new TokenExchange(this, 'TokenExchange', { ...shared, registry, telemetry });
    const policy = new DevicePolicy(this, 'DevicePolicy', { config, roleAliasArn: exchange.roleAliasArn });
    const intake = new TelemetryIntake(this, 'Intake', shared);
    this.put({
      ModelBucketName: registry.bucket.bucketName,
      ModelPackageGroupName: registry.modelPackageGroupName,
      ReleaseTableName: registry.releaseTable.tableName,
      SigningKeyArn: registry.signingKey.keyArn,
      TelemetryBucketName: telemetry.bucket.bucketName,
      SketchTableName: telemetry.sketchTable.tableName,
      InventoryTableName: telemetry.inventoryTable.tableName,
      CanaryGroupName: fleet.groupNameOf('canary'),
      StableGroupName: fleet.groupNameOf('stable'),
      ThingTypeName: fleet.thingTypeName,
      DevicePolicyName: policy.policyName,
      RoleAliasName: exchange.roleAliasName,
      ResultsQueueUrl: intake.results.queue.queueUrl,
      StatusQueueUrl: intake.status.queue.queueUrl,
    });
  }

  private put(outputs: Readonly<Record<string, string>>): void {
    for (const [id, value] of Object.entries(outputs)) new CfnOutput(this, id, { value });
  }
}

export const lifeTemplate = (): string =>
  JSON.stringify(Template.fromStack(new LifeStack(new App({ context: cdkJson.context }))));
