/** Nothing that the component was told is sent may be lost uncounted: cuts at random instants, in virtual time. */
import { rmSync } from 'node:fs';
import type { NucleusName } from '@kaizen-edge/local-aws';
import { seededRandom } from '../../../lambda/shared/builders';
import { LineToCloud } from '../../line-to-cloud';
import { temporaryFolder } from '../../release-fixture';

const CUTS = 100;
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

jest.setTimeout(120_000);

async function newLine(nucleus: NucleusName, random: () => number, confirms = true): Promise<LineToCloud> {
  const folder = temporaryFolder();
  folders.push(folder);
  return new LineToCloud({ nucleus, folder, random, confirms }).start();
}

/** Seconds from 1 to `most`. */
const some = (random: () => number, most: number): number => 1 + Math.floor(random() * most);

/** The line is cut while messages are on it, and comes back. */
async function cutLines(line: LineToCloud, random: () => number): Promise<void> {
  for (let cut = 0; cut < CUTS; cut++) {
    await line.pass(some(random, 15));
    line.line.cut();
    await line.pass(some(random, 10));
    line.line.restore();
  }
}

/** The power fails while the device is offline, and its nucleus has taken what it could not send. */
async function cutPowers(line: LineToCloud, random: () => number): Promise<void> {
  for (let cut = 0; cut < CUTS; cut++) {
    await line.pass(some(random, 20));
    line.line.cut();
    await line.pass(some(random, 15));
    await line.cutPower();
    line.line.restore();
  }
}

/** Long enough for what is missing to be sent again, and confirmed. */
const settle = (line: LineToCloud): Promise<void> => line.pass(2_000, false);

const CASES = [
  ['[L5]', 'lite', '100 cuts of the line', cutLines],
  ['[N3]', 'classic', '100 power cuts while offline', cutPowers],
  ['[L5]', 'lite', '100 power cuts while offline', cutPowers],
  ['[N3]', 'classic', '100 cuts of the line', cutLines],
] as const;

test.each(CASES)(
  '%s case 29: %s, %s: no result is lost uncounted or counted twice',
  async (_row, nucleus, _what, cuts) => {
    const random = seededRandom(20_261_127);
    const line = await newLine(nucleus, random);
    await cuts(line, random);
    await settle(line);
    expect(line.kept.size).toBeGreaterThan(CUTS * 10);
    expect(line.lostUncounted).toBe(0);
    expect(line.cloud.counted).toBe(line.kept.size);
    expect(line.waiting).toBe(0);
  },
);

test.each(CASES.slice(0, 2))(
  "%s on the nucleus's word alone, %s loses results in %s that nobody counts",
  async (_row, nucleus, _what, cuts) => {
    const random = seededRandom(20_261_127);
    const line = await newLine(nucleus, random, false);
    await cuts(line, random);
    await settle(line);
    expect(line.lostUncounted).toBeGreaterThan(CUTS / 2);
  },
);

test('[L5] without a fault a device is told once a minute, and sends nothing twice', async () => {
  const line = await newLine('lite', seededRandom(1));
  const hour = 1_200;
  await line.pass(hour);
  const { messages } = line.cloud;
  expect(line.waiting).toBeLessThan(120);
  expect(line.kept.size).toBe(hour);
  await settle(line);
  // The last ones were on the line; and the tail asks once more, because no further batch does.
  expect(line.cloud.messages - messages).toBeLessThanOrEqual(3);
  expect(line.waiting).toBe(0);
  expect(line.cloud.counted).toBe(hour);
});

test('[L5] a cloud that confirms nothing for hours costs a question now and then; then everything is confirmed', async () => {
  const line = await newLine('lite', seededRandom(2));
  const ingest = line.cloud.ingest.bind(line.cloud);
  line.cloud.ingest = async () => undefined;
  await line.pass(600);
  const { messages } = line.cloud;
  await line.pass(4 * 3_600, false);
  // 5, 10, 20, 40, 80 and 160 minutes apart.
  expect(line.cloud.messages - messages).toBeLessThanOrEqual(7);
  expect(line.waiting).toBe(600);
  line.cloud.ingest = ingest;
  await line.pass(3 * 3_600, false);
  expect(line.waiting).toBe(0);
  expect(line.cloud.counted).toBe(600);
});

test('[L5] what the cloud refuses time and again is given up and counted, and blocks nothing', async () => {
  const line = await newLine('classic', seededRandom(3));
  line.cloud.refuses = (batchId) => batchId.endsWith('-00000003');
  await line.pass(4_000);
  line.cloud.refuses = () => false;
  await line.pass(60);
  await settle(line);
  expect(line.cloud.droppedOnDevice).toBeGreaterThan(0);
  expect(line.lostUncounted).toBe(0);
  expect(line.waiting).toBe(0);
});
