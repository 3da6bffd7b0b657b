/** The code table for the controls engineer: which number means which class, and what becomes of such a part. */
import type { Disposition } from '../../contracts';
import type { ClassCodes } from '../../contracts/class-codes';
import { ownValue } from '../../contracts/own-value';
import { ReleaseTable } from '../../lambda/registry/release-table';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { formatTable } from '../shared/table';

export interface CodeRow {
  readonly code: number;
  readonly className: string;
  /** By the release in service; undefined when it does not know the class. */
  readonly disposition?: Disposition;
}

/** In the order of the codes. */
export function codeRows(
  codes: ClassCodes,
  dispositions: Readonly<Record<string, Disposition>> = {},
): CodeRow[] {
  return Object.entries(codes)
    .map(([className, code]) => {
      const disposition = ownValue(dispositions, className);
      return { code, className, ...(disposition && { disposition }) };
    })
    .sort((one, other) => one.code - other.code);
}

/** Codes of all classes that were ever released. */
export async function readCodes(
  clients: Pick<Clients, 'dynamoDb'>,
  environment: KaizenEnvironment,
): Promise<CodeRow[]> {
  const releases = new ReleaseTable(
    clients.dynamoDb,
    environment.output('ReleaseTableName'),
    environment.useCase,
  );
  const champion = await releases.champion();
  return codeRows(await releases.classCodes(), champion?.release.dispositionPolicy?.classes);
}

export function formatCodes(rows: readonly CodeRow[]): string {
  if (rows.length === 0) return 'No class has a code yet: the first release gives them.';
  return formatTable(
    ['code', 'class', 'disposition'],
    rows.map(({ code, className, disposition }) => [
      String(code),
      className,
      disposition ?? 'not in the release in service',
    ]),
  );
}
