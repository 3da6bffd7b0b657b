import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DatasetStore } from '../dataset/dataset-store';
import { EpisodeTable } from '../monitoring/episode-table';
import { ModelRegistry } from '../registry/model-registry';
import type { AppConfig } from '../shared/app-config';
import { EncryptionKey } from '../shared/encryption-key';
import { stackProps } from '../shared/stack-props';
import { TelemetryStore } from '../telemetry/telemetry-store';

/** Everything that must outlive a deployment: keys, buckets, tables, model packages. */
export class DataStack extends Stack {
  readonly encryptionKey: EncryptionKey;
  readonly dataset: DatasetStore;
  readonly registry: ModelRegistry;
  readonly telemetry: TelemetryStore;
  readonly episodeTable: EpisodeTable;

  constructor(scope: Construct, config: AppConfig) {
    super(scope, 'Data', stackProps(config, 'data', 'Keys, buckets, tables and model packages'));
    this.encryptionKey = new EncryptionKey(this, 'EncryptionKey', config);
    const shared = { config, encryptionKey: this.encryptionKey };
    this.dataset = new DatasetStore(this, 'Dataset', shared);
    this.registry = new ModelRegistry(this, 'Registry', shared);
    this.telemetry = new TelemetryStore(this, 'Telemetry', shared);
    this.episodeTable = new EpisodeTable(this, 'Episodes', shared);
    for (const [id, value] of Object.entries({
      DatasetBucketName: this.dataset.bucket.bucketName,
      ModelBucketName: this.registry.bucket.bucketName,
      TelemetryBucketName: this.telemetry.bucket.bucketName,
      SigningKeyArn: this.registry.signingKey.keyArn,
      EncryptionKeyArn: this.encryptionKey.keyArn,
      ReleaseTableName: this.registry.releaseTable.tableName,
      LabelTableName: this.dataset.labelTable.tableName,
      SketchTableName: this.telemetry.sketchTable.tableName,
      EpisodeTableName: this.episodeTable.tableName,
      InventoryTableName: this.telemetry.inventoryTable.tableName,
      ModelPackageGroupName: this.registry.modelPackageGroupName,
    })) {
      new CfnOutput(this, id, { value });
    }
  }
}
