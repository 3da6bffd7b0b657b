import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aRelease } from '../../lambda/shared/builders';
import { FakeBucket, FakeTables, runKaizen } from '../fakes';

describe('labels on the command line', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaizen-label-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const capture = {
    schemaVersion: 1,
    captureId: 'c1',
    deviceId: 'line-1',
    useCase: 'surface',
    frameId: 'f1',
    releaseId: 'surface-2',
    capturedAt: '2026-03-01T10:00:00.000Z',
    reasons: ['control'],
    inclusionProbability: 0.1,
    sha256: 'c'.repeat(64),
    bytes: 10,
  };
  const clients = () => {
    const s3 = new FakeBucket();
    s3.putJson('captures/surface/line-1/c1.json', capture);
    const dynamoDb = new FakeTables({
      releases: [
        { useCase: 'surface', item: 'champion', counter: 2 },
        { useCase: 'surface', item: 'release#000002', release: JSON.stringify(aRelease()) },
      ],
    });
    return { s3, dynamoDb };
  };

  test('a file of labels is written in the name of the user', async () => {
    const file = join(folder, 'labels.csv');
    writeFileSync(file, 'captureId,class\nc1,scratch\n');
    const fakes = clients();
    const { exitCode, output } = await runKaizen(['label', '--file', file], fakes);
    expect([exitCode, output]).toEqual([0, 'Labelled 1 capture']);
    expect(fakes.dynamoDb.items.labels).toMatchObject([
      { captureId: 'c1', label: 'scratch', labelledBy: 'ann' },
    ]);
  });

  test('[S13] a class that the release in service does not know needs --new-class', async () => {
    const fakes = clients();
    const refused = await runKaizen('label c1 dent', fakes);
    expect(refused.exitCode).toBe(2);
    expect(refused.errors).toContain("class 'dent' is not one of good, scratch");
    await expect(runKaizen('label c1 dent --new-class --by bob', fakes)).resolves.toMatchObject({
      exitCode: 0,
    });
    expect(fakes.dynamoDb.items.labels).toMatchObject([{ label: 'dent', labelledBy: 'bob' }]);
  });

  test('captures are listed for labelling', async () => {
    const { output } = await runKaizen('captures --unlabelled', clients());
    expect(output.split('\n')[1]).toMatch(/^c1\s+line-1\s+2026-03-01T10:00:00.000Z\s+none\s+control$/);
  });
});
