import { GetObjectCommand } from '@aws-sdk/client-s3';
import { type DatasetItem, parseContractJson } from '../../contracts';
import type { CurrentDataset } from '../../lambda/dataset/current-dataset';
import { CURRENT_KEY } from '../../lambda/dataset/names';
import { ifThere } from '../../lambda/shared/objects';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';

/**
 * Items of the dataset in force; none before the first.
 * @throws ContractError when the accepted manifest is none
 */
export async function datasetInForce(
  clients: Pick<Clients, 's3'>,
  environment: KaizenEnvironment,
): Promise<DatasetItem[]> {
  const Bucket = environment.output('DatasetBucketName');
  const read = async (Key: string): Promise<string | undefined> => {
    const found = await ifThere(clients.s3.send(new GetObjectCommand({ Bucket, Key })));
    return found?.Body?.transformToString();
  };
  const current = await read(CURRENT_KEY);
  if (current === undefined) return [];
  const { key } = JSON.parse(current) as CurrentDataset;
  const lines = ((await read(key)) ?? '').split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => parseContractJson('dataset-item', line, `an item of ${key}`));
}
