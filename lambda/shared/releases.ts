import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { parseContractJson, type Release } from '../../contracts';

/** Sort key of a release's item in the release table. */
export function releaseItemKey(counter: number): string {
  return `release#${String(counter).padStart(6, '0')}`;
}

/** Counter in a release id `<useCase>-<counter>`, `undefined` when the id is not one of this use case. */
export function counterOf(useCase: string, releaseId: string): number | undefined {
  if (!releaseId.startsWith(`${useCase}-`)) return undefined;
  const text = releaseId.slice(useCase.length + 1);
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined;
}

/**
 * Id of the pipeline execution that wrote an export, `s3://<model bucket>/pipelines/<execution id>/export/`. Where the
 * files lie says more than a model package's metadata, which a copy made by hand repeats.
 */
export function trainingExecutionId(exportUri: string): string | undefined {
  return /\/pipelines\/([^/]+)\//.exec(exportUri)?.[1];
}

/** What the release table says about the release in service everywhere. */
export interface ChampionItem {
  readonly counter: number;
  readonly modelPackageVersion: number;
  readonly exportUri: string;
  /** S3 URI of the champion's model.tar.gz, where the rollout wrote it. */
  readonly modelUri?: string;
}

/** Reads of the release table that several nouns need. */
export class ReleaseReader {
  constructor(
    private readonly client: Pick<DynamoDBDocumentClient, 'send'>,
    private readonly tableName: string,
    private readonly useCase: string,
  ) {}

  private async item(sortKey: string): Promise<Record<string, unknown> | undefined> {
    const answer = await this.client.send(
      new GetCommand({
        TableName: this.tableName,
        Key: { useCase: this.useCase, item: sortKey },
        ConsistentRead: true,
      }),
    );
    return answer.Item;
  }

  /** @throws ContractError when the stored release breaks its contract */
  async release(counter: number): Promise<Release | undefined> {
    const item = await this.item(releaseItemKey(counter));
    if (!item) return undefined;
    return parseContractJson('release', String(item.release), `release ${counter} of ${this.useCase}`);
  }

  /** The release in service everywhere; `undefined` before the first rollout has completed. */
  async champion(): Promise<{ item: ChampionItem; release: Release } | undefined> {
    const item = (await this.item('champion')) as ChampionItem | undefined;
    if (!item) return undefined;
    const release = await this.release(Number(item.counter));
    if (!release)
      throw new Error(`the champion of ${this.useCase}, release ${item.counter}, is not in the table`);
    return { item, release };
  }
}
