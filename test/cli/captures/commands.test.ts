import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aRelease } from '../../lambda/shared/builders';
import { jpegOf } from '../dataset/pictures';
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

  test('[B27] a file of labels that a spreadsheet has saved is read', async () => {
    const file = join(folder, 'labels.csv');
    writeFileSync(file, Buffer.from('\ufeffcaptureId;class;deviceId\r\nc1;scratch;line-1\r\n', 'utf16le'));
    const fakes = clients();
    expect(await runKaizen(['label', '--file', file], fakes)).toMatchObject({ exitCode: 0 });
    expect(fakes.dynamoDb.items.labels).toMatchObject([{ captureId: 'c1', label: 'scratch' }]);
  });

  test('[B27] a table that a person has half filled in is taken as far as it goes, and the rest is counted', async () => {
    const file = join(folder, 'labels.csv');
    writeFileSync(file, 'captureId,class,deviceId\nc1,scratch,line-1\nc2,,line-1\nc3,,line-1\n');
    const fakes = clients();
    const { exitCode, output } = await runKaizen(['label', '--file', file], fakes);
    expect([exitCode, output]).toEqual([0, 'Labelled 1 capture; 2 lines have no class yet']);
    expect(fakes.dynamoDb.items.labels).toHaveLength(1);
    const machine = await runKaizen(['label', '--file', file, '--json'], clients());
    expect(JSON.parse(machine.output)).toEqual({ labelled: 1, open: 2, classes: { scratch: 1 } });
  });

  test('[B27] a table without a single class is refused in words', async () => {
    const file = join(folder, 'labels.csv');
    writeFileSync(file, 'captureId,class\nc1,\n');
    expect(await runKaizen(['label', '--file', file], clients())).toMatchObject({
      exitCode: 2,
      errors: expect.stringContaining('there is no label in it: the class of 1 captures is empty'),
    });
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

  describe('[B27] F22: brought to where a person can look at them', () => {
    /** Two captures with images; the image of `c3` is another one than its sidecar says. */
    async function withImages() {
      const fakes = clients();
      for (const [index, captureId] of ['c1', 'c2', 'c3'].entries()) {
        const image = await jpegOf(500 + index);
        const sha256 = createHash('sha256')
          .update(captureId === 'c3' ? 'other' : image)
          .digest('hex');
        fakes.s3.objects.set(`captures/surface/line-1/${captureId}.jpg`, image);
        fakes.s3.putJson(`captures/surface/line-1/${captureId}.json`, {
          ...{ ...capture, captureId, sha256, predictedClass: 'good', confidence: 0.9 - index / 10 },
        });
      }
      return fakes;
    }

    test('images, a contact sheet with the least certain first, and a table to fill in', async () => {
      const target = join(folder, 'to-label');
      const { exitCode, output, errors } = await runKaizen(
        ['captures', '--download', target],
        await withImages(),
      );
      expect(exitCode).toBe(0);
      expect(output).toContain(`2 images in ${target}: open ${join(target, 'index.html')}`);
      expect(errors).toMatch(
        /^warning: captures\/surface\/line-1\/c3.jpg has the digest [0-9a-f]{64}, its sidecar says/,
      );
      expect(readdirSync(target).sort()).toEqual(['c1.jpg', 'c2.jpg', 'index.html', 'labels.csv']);
      expect(readFileSync(join(target, 'labels.csv'), 'utf8')).toBe(
        'captureId,class,deviceId\nc1,,line-1\nc2,,line-1\nc3,,line-1\n',
      );
      const sheet = readFileSync(join(target, 'index.html'), 'utf8');
      expect(sheet.match(/<img src="data:image\/jpeg;base64,/g)).toHaveLength(2);
      expect(sheet.indexOf('<code>c2</code>')).toBeLessThan(sheet.indexOf('<code>c1</code>'));
      expect(sheet).toContain(`label --file ${join(target, 'labels.csv')} --env local`);
    });

    test('a table that may be filled in is not written over', async () => {
      await runKaizen(['captures', '--download', folder], await withImages());
      writeFileSync(join(folder, 'labels.csv'), 'captureId,class\nc1,scratch\n');
      const { exitCode, errors } = await runKaizen(['captures', '--download', folder], await withImages());
      expect(exitCode).toBe(2);
      expect(errors).toContain('is there already and may hold labels');
      expect(readFileSync(join(folder, 'labels.csv'), 'utf8')).toContain('c1,scratch');
    });

    test('F24: those with a label that was mistyped are found by it', async () => {
      const fakes = await withImages();
      fakes.dynamoDb.items.labels = [
        { useCase: 'surface', captureId: 'c1', label: 'scratch' },
        { useCase: 'surface', captureId: 'c2', label: 'scrach' },
      ];
      const ids = async (option: string) => {
        const { output } = await runKaizen(`captures --json ${option}`, fakes);
        return JSON.parse(output).map(({ captureId }: { captureId: string }) => captureId);
      };
      expect(await ids('--labelled scrach')).toEqual(['c2']);
      expect(await ids('--unlabelled')).toEqual(['c3']);
      expect(await ids('')).toEqual(['c1', 'c2', 'c3']);
    });

    test('as JSON, a download says of each capture where it lies, or why it does not', async () => {
      const target = join(folder, 'to-label');
      const { output, errors } = await runKaizen(
        ['captures', '--download', target, '--json'],
        await withImages(),
      );
      expect(errors).toBe('');
      const [first, , third] = JSON.parse(output);
      expect(first).toMatchObject({ captureId: 'c1', file: join(target, 'c1.jpg') });
      expect(third).toMatchObject({ captureId: 'c3', problem: expect.stringContaining('has the digest') });
    });

    test('as JSON, with the address of each image', async () => {
      const { output } = await runKaizen('captures --json --limit 1', await withImages());
      expect(JSON.parse(output)).toMatchObject([
        {
          captureId: 'c1',
          imageUri: expect.stringMatching(/^s3:\/\/.*\/captures\/surface\/line-1\/c1.jpg$/),
        },
      ]);
    });
  });
});
