import fc from 'fast-check';
import { readCaptures } from '../../../cli/captures/captures';
import { type LabelRequest, labelCaptures, parseLabelFile } from '../../../cli/captures/label-captures';
import { type Capture, problemsOf } from '../../../contracts';
import { captureImageKey, captureSidecarKey } from '../../../lambda/telemetry/names';
import { asClients, environment, FakeBucket, FakeTables } from '../fakes';

function aCapture(captureId: string, overrides: Partial<Capture> = {}): Capture {
  return {
    schemaVersion: 1,
    captureId,
    deviceId: 'line-1',
    useCase: 'surface',
    frameId: 'frame-1',
    releaseId: 'surface-2',
    capturedAt: '2026-03-01T10:00:00.000Z',
    predictedClass: 'good',
    confidence: 0.6,
    reasons: ['uncertainty'],
    inclusionProbability: 0.25,
    sha256: 'c'.repeat(64),
    bytes: 4000,
    ...overrides,
  };
}

let bucket: FakeBucket;
let tables: FakeTables;

beforeEach(() => {
  bucket = new FakeBucket();
  tables = new FakeTables();
  for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) {
    bucket.putJson(captureSidecarKey('surface', { deviceId: 'line-1', captureId: id }), aCapture(id));
    bucket.objects.set(
      captureImageKey('surface', { deviceId: 'line-1', captureId: id }),
      Buffer.from([0xff]),
    );
  }
});

const label = (labels: LabelRequest[], options: object = {}) =>
  labelCaptures(asClients({ s3: bucket, dynamoDb: tables }), environment, {
    labels,
    labelledBy: 'ann',
    now: () => new Date('2026-03-02T00:00:00Z'),
    ...options,
  });

test('[B6] a label carries what its capture knew: prediction, probability, image and digest', async () => {
  await label([{ captureId: 'c3', label: 'scratch' }]);
  const [item] = tables.items.labels ?? [];
  expect(problemsOf('label', item)).toEqual([]);
  expect(item).toEqual({
    useCase: 'surface',
    captureId: 'c3',
    label: 'scratch',
    labelledAt: '2026-03-02T00:00:00.000Z',
    labelledBy: 'ann',
    deviceId: 'line-1',
    releaseId: 'surface-2',
    capturedAt: '2026-03-01T10:00:00.000Z',
    predictedClass: 'good',
    confidence: 0.6,
    reasons: ['uncertainty'],
    inclusionProbability: 0.25,
    imageKey: 'captures/surface/line-1/c3.jpg',
    sha256: 'c'.repeat(64),
  });
});

test('[S10] what a second opinion has said is no part of a label', async () => {
  const sidecar = aCapture('c3', { secondOpinion: { predictedClass: 'dent', confidence: 0.9 } });
  bucket.putJson(captureSidecarKey('surface', { deviceId: 'line-1', captureId: 'c3' }), sidecar);
  await label([{ captureId: 'c3', label: 'scratch' }]);
  const [item] = tables.items.labels ?? [];
  expect(problemsOf('label', item)).toEqual([]);
  expect(item).toMatchObject({ label: 'scratch', predictedClass: 'good' });
  expect(JSON.stringify(item)).not.toContain('dent');
});

test('[B13] what became of the part, and why it went to a person, is part of a label; its clock is not', async () => {
  const known = { disposition: 'review', reviewReason: 'novel' } as const;
  const clock = { state: 'corrected' } as const;
  const sidecar = aCapture('c3', { ...known, clock });
  expect(problemsOf('capture', sidecar)).toEqual([]);
  bucket.putJson(captureSidecarKey('surface', { deviceId: 'line-1', captureId: 'c3' }), sidecar);
  await label([{ captureId: 'c3', label: 'scratch' }]);
  const [item] = tables.items.labels ?? [];
  expect(problemsOf('label', item)).toEqual([]);
  expect(item).toMatchObject(known);
  expect(item).not.toHaveProperty('clock');
});

test('a correction overwrites the label', async () => {
  await label([{ captureId: 'c1', label: 'scratch' }]);
  await label([{ captureId: 'c1', label: 'dent' }]);
  expect(tables.items.labels).toMatchObject([{ captureId: 'c1', label: 'dent' }]);
});

test('with the device given nothing is searched', async () => {
  await label([{ captureId: 'c1', label: 'good', deviceId: 'line-1' }]);
  expect(bucket.names()).not.toContain('ListObjectsV2');
});

test('a thousand labels are written', async () => {
  const ids = Array.from({ length: 1000 }, (_, index) => `many-${index}`);
  for (const id of ids)
    bucket.putJson(captureSidecarKey('surface', { deviceId: 'line-1', captureId: id }), aCapture(id));
  await label(ids.map((captureId) => ({ captureId, label: 'good', deviceId: 'line-1' })));
  expect(tables.items.labels).toHaveLength(1000);
});

test('every problem is reported at once, and nothing is written', async () => {
  bucket.putJson('captures/surface/line-1/broken.json', { captureId: 'broken' });
  const message = await label([
    { captureId: 'c1', label: 'good' },
    { captureId: 'c9', label: 'good' },
    { captureId: 'c2', label: 'Not A Class' },
    { captureId: 'broken', label: 'good' },
  ]).then(String, (error: Error) => error.message);
  expect(message).toContain('c9: there is no such capture');
  expect(message).toContain('c2: label: must match pattern');
  expect(message).toContain("broken: (root): must have required property 'sha256'");
  expect(tables.calls).toEqual([]);
});

test('a sidecar that speaks of another device is not trusted', async () => {
  bucket.putJson('captures/surface/line-1/c1.json', aCapture('c1', { deviceId: 'line-2' }));
  await expect(label([{ captureId: 'c1', label: 'good' }])).rejects.toThrow('it is not trusted');
  expect(tables.calls).toEqual([]);
});

test('a class that the release does not know is refused, unless new classes are allowed', async () => {
  const labels = [{ captureId: 'c1', label: 'scrach' }];
  await expect(label(labels, { knownClasses: ['good', 'scratch'] })).rejects.toThrow(
    "c1: class 'scrach' is not one of good, scratch (a new class needs --new-class)",
  );
  await expect(label(labels)).resolves.toHaveLength(1);
});

test('a capture that is labelled twice in one file is refused', async () => {
  await expect(
    label([
      { captureId: 'c1', label: 'good' },
      { captureId: 'c1', label: 'dent' },
    ]),
  ).rejects.toThrow('c1: is labelled twice');
});

test('captures are listed through every page, with or without the labelled ones', async () => {
  const clients = asClients({ s3: bucket, dynamoDb: tables });
  await label([{ captureId: 'c2', label: 'good' }]);
  const ids = async (options: { unlabelledOnly: boolean; limit?: number }) =>
    (await readCaptures(clients, environment, options)).map(({ captureId }) => captureId);
  expect(await ids({ unlabelledOnly: false })).toEqual(['c1', 'c2', 'c3', 'c4', 'c5']);
  expect(await ids({ unlabelledOnly: true })).toEqual(['c1', 'c3', 'c4', 'c5']);
  expect(await ids({ unlabelledOnly: true, limit: 2 })).toEqual(['c1', 'c3']);
});

test('a label file has a header, devices and empty lines as it likes', () => {
  expect(
    parseLabelFile('\ufeffcaptureId,class\r\nc1,"good"\r\n\r\nc2, dent ,line-7\r\n', 'labels.csv'),
  ).toEqual({
    labels: [
      { captureId: 'c1', label: 'good' },
      { captureId: 'c2', label: 'dent', deviceId: 'line-7' },
    ],
    open: 0,
  });
});

test('[B27] lines without a class are left for later and counted', () => {
  expect(
    parseLabelFile('captureId,class,deviceId\nc1,,line-1\nc2,dent,line-1\nc3, ,\n', 'labels.csv'),
  ).toEqual({
    labels: [{ captureId: 'c2', label: 'dent', deviceId: 'line-1' }],
    open: 2,
  });
});

test('[B27] any sheet that is filled in anywhere is split into its labels and a count of the rest', () => {
  const sheet = fc.array(fc.constantFrom('', 'good', 'dent'), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(sheet, (classes) => {
      const filled = classes.filter((one) => one !== '');
      const text = ['captureId,class', ...classes.map((one, index) => `c${index},${one}`)].join('\n');
      if (filled.length === 0) {
        expect(() => parseLabelFile(text, 'x')).toThrow(`the class of ${classes.length} captures is empty`);
        return;
      }
      const { labels, open } = parseLabelFile(text, 'x');
      expect([labels.map(({ label: given }) => given), open]).toEqual([
        filled,
        classes.length - filled.length,
      ]);
    }),
  );
});

test.each([
  ['', /labels.csv: there is no label in it/],
  ['c1', /line 1: must be captureId,class/],
  ['c1,good,line-1,more\n\n,good', /line 1: must be.*\n.*line 3: must be/],
  ['c1,,line-1\n,good,line-1', /line 2: must be captureId,class/],
  ['c1,"good', /labels.csv: .*quote/i],
])('label file %p is refused with its lines', (text, problem) => {
  expect(() => parseLabelFile(text, 'labels.csv')).toThrow(problem);
});
