import { ReleaseTable } from '../../lambda/registry/release-table';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';

/** Classes of the release in service; `undefined` before the first. */
export async function knownClasses(
  clients: Pick<Clients, 'dynamoDb'>,
  environment: KaizenEnvironment,
): Promise<string[] | undefined> {
  const tableName = environment.output('ReleaseTableName');
  const champion = await new ReleaseTable(clients.dynamoDb, tableName, environment.useCase).champion();
  return champion?.release.classes;
}
