/** A controller that passes "2" must never find another class behind it, however often the loop has turned. */
import { ReleaseTable } from '../../lambda/registry/release-table';
import { type GivenCode, givenCodes } from '../class-codes';
import { type DemoContext, note } from '../context';
import { listReleases } from '../rollout';

/** @throws Error naming each release that moves a code */
export async function readGivenCodes(context: DemoContext): Promise<GivenCode[]> {
  const { clients, environment } = context;
  const table = new ReleaseTable(
    clients.dynamoDb,
    environment.output('ReleaseTableName'),
    environment.useCase,
  );
  const counters = (await listReleases(context)).map(({ counter }) => counter).sort((one, two) => one - two);
  const stored = await Promise.all(counters.map((counter) => table.find(counter)));
  return givenCodes(stored.flatMap((found) => found?.release ?? []));
}

export async function expectSteadyCodes(context: DemoContext): Promise<void> {
  const codes = await readGivenCodes(context);
  const list = codes.map(({ className, code }) => `${code} ${className}`).join(', ');
  note(context, 'release', `no code of a class has moved: ${list}`);
}
