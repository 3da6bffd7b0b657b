import type * as kms from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { MONITORING_VARIABLES } from '../../lambda/monitoring/names';
import type { AppConfig } from '../shared/app-config';
import { KeyedTable, type Variables } from '../shared/keyed-table';

/** Drift episodes: what monitoring opens, retraining answers and a rollout closes. */
export class EpisodeTable extends KeyedTable {
  constructor(scope: Construct, id: string, props: { config: AppConfig; encryptionKey: kms.IKey }) {
    super(scope, id, { ...props, partitionKey: 'useCase', sortKey: 'episodeId' });
  }

  get variable(): Variables {
    return { [MONITORING_VARIABLES.episodeTable]: this.tableName };
  }
}
