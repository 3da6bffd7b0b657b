import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReleaseOffer } from '../../../../contracts';
import { FolderOfferInbox } from '../../../../edge-components/inference/src/releases/offer-inbox';
import { waitFor } from '../../wait-for';
import { FakeClock, sourcePorts } from '../cameras';

const folder = mkdtempSync(join(tmpdir(), 'inbox-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function offer(offerId: string): void {
  const path = join(folder, offerId);
  mkdirSync(path, { recursive: true });
  const text: ReleaseOffer = {
    schemaVersion: 1,
    offerId,
    componentName: `com.example.${offerId}`,
    componentVersion: '1.0.0',
    artifactsPath: '/artifacts',
    offeredAt: '2026-11-23T12:00:00.000Z',
  };
  writeFileSync(join(path, 'offer.json'), JSON.stringify(text));
}
const verdictOf = (offerId: string): string => join(folder, offerId, 'verdict.json');

test('case 47: a stray file, a pipe or a link to nothing in the inbox keeps no offer waiting, and is said once', async () => {
  writeFileSync(join(folder, '0-stray'), 'x');
  mkdirSync(join(folder, '1-pipe'));
  execFileSync('mkfifo', [join(folder, '1-pipe', 'offer.json')]);
  mkdirSync(join(folder, '2-link'));
  symlinkSync('nowhere', join(folder, '2-link', 'offer.json'));
  mkdirSync(join(folder, '3-empty'));
  offer('4-good');
  const { log, lines } = sourcePorts();
  const clock = new FakeClock();
  const inbox = new FolderOfferInbox(folder, clock, log);
  inbox.start(async ({ offerId }) => ({
    schemaVersion: 1,
    offerId,
    verdict: 'accepted',
    code: 'ACCEPTED',
    message: '',
    decidedAt: '2026-11-23T12:00:00.000Z',
  }));
  await waitFor('verdict', () => existsSync(verdictOf('4-good')));
  expect(JSON.parse(readFileSync(verdictOf('4-good'), 'utf8'))).toMatchObject({
    offerId: '4-good',
    verdict: 'accepted',
  });
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(lines).toEqual([
    {
      level: 'warn',
      message: 'inbox',
      details: { problem: '"0-stray" is no folder with an offer; others cannot be taken either' },
    },
  ]);
  rmSync(join(folder, '0-stray'));
  rmSync(join(folder, '2-link'), { recursive: true });
  await waitFor('the next one', () => lines.length === 2);
  expect(lines[1]?.details.problem).toBe('"1-pipe" holds an offer.json that is a pipe, not a file');
  // The same entry, put right, is answered when its time has come.
  rmSync(join(folder, '1-pipe'), { recursive: true });
  offer('1-pipe');
  clock.advance(60_000);
  await waitFor('verdict', () => existsSync(verdictOf('1-pipe')));
  inbox.stop();
});
