import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ConfigurationDocument, ReleaseOffer, UseCaseConfiguration } from '../../../../contracts';
import example from '../../../../contracts/examples/configuration-document.json';
import { readConfiguration } from '../../../../edge-components/inference/src/configuration/configuration';
import {
  LARGEST_DOCUMENT_BYTES,
  readDocument,
  withDocument,
} from '../../../../edge-components/inference/src/configuration/configuration-document';
import { DocumentFolder } from '../../../../edge-components/inference/src/configuration/document-folder';
import { DocumentKeeper } from '../../../../edge-components/inference/src/configuration/document-keeper';
import { useCaseConfiguration } from '../../device-harness';

const CAMERA = {
  type: 'http-mjpeg',
  url: 'https://user:secret@camera-17.line-3.plant.example:8443/stream?channel=101',
  framesPerSecond: 5,
  stallSeconds: 30,
  frozenFrames: 100,
} as const;

/** Several lines of a plant. */
function document(
  useCases: number,
  cameras: number,
  changes: Partial<UseCaseConfiguration> = {},
): ConfigurationDocument {
  const entries = Array.from({ length: useCases }, (_, index): [string, UseCaseConfiguration] => [
    `line-${index}`,
    {
      ...useCaseConfiguration('/run', `line-${index}`, `com.kaizenedge.dev.model.Line${index}`),
      cameras: Object.fromEntries(
        Array.from({ length: cameras }, (_, camera) => [`camera-${camera}`, CAMERA]),
      ),
      ...changes,
    },
  ]);
  return { schemaVersion: 1, useCases: Object.fromEntries(entries) };
}

const DEPLOYED = {
  useCases: { surface: useCaseConfiguration('/run', 'surface', 'com.kaizenedge.dev.model.Surface') },
  captureBucket: 'captures',
  statusIntervalSeconds: 60,
};

test('[L8] eight use cases with sixteen cameras fit, and are what the device is then configured with', () => {
  const large = document(8, 16);
  const text = JSON.stringify(large);
  expect(Buffer.byteLength(text)).toBeGreaterThan(8_196);
  expect(Buffer.byteLength(text)).toBeLessThan(LARGEST_DOCUMENT_BYTES / 4);
  expect(readDocument(text)).toEqual({ ok: true, document: large });
  const reading = readConfiguration(withDocument(DEPLOYED, large), 'line-1');
  expect(reading).toMatchObject({
    ok: true,
    settings: { captureBucket: 'captures', statusIntervalSeconds: 60 },
  });
  expect(Object.keys(reading.ok ? reading.settings.useCases : {})).toHaveLength(8);
});

test('the example that the tutorial shows is in order, over what an environment deploys', () => {
  const reading = readDocument(JSON.stringify(example));
  expect(reading.ok).toBe(true);
  const whole = readConfiguration(withDocument(DEPLOYED, example as ConfigurationDocument), 'line-1');
  expect(whole).toMatchObject({ ok: true });
});

test.each([
  ['no document', undefined, DEPLOYED],
  ['one that names nothing', { schemaVersion: 1 }, DEPLOYED],
  [
    'one that names a number',
    { schemaVersion: 1, statusIntervalSeconds: 5 },
    { ...DEPLOYED, statusIntervalSeconds: 5 },
  ],
] as const)('over what is deployed, %s', (_what, over, expected) => {
  expect(withDocument(DEPLOYED, over as ConfigurationDocument | undefined)).toEqual(expected);
});

test('what a document does not name is never changed by it', () => {
  const values = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(values, values, (deployed, settings) => {
      const { schemaVersion: _version, ...named } = settings;
      expect(withDocument(deployed, { ...named, schemaVersion: 1 } as ConfigurationDocument)).toEqual({
        ...deployed,
        ...named,
      });
    }),
  );
});

test.each([
  ['text', 'no document', ['is not JSON']],
  ['another field', '{"schemaVersion":1,"captureBucket":"elsewhere"}', ['captureBucket']],
  ['another version', '{"schemaVersion":2}', ['schemaVersion']],
  ['nine use cases', JSON.stringify(document(9, 1)), ['useCases']],
  ['seventeen cameras', JSON.stringify(document(1, 17)), ['cameras']],
  [
    'two wrong things',
    '{"schemaVersion":1,"statusIntervalSeconds":0,"useCases":{}}',
    ['statusIntervalSeconds', 'useCases'],
  ],
  ['too much', ' '.repeat(LARGEST_DOCUMENT_BYTES + 1), ['must not be above']],
])('%s is refused with all that is wrong', (_what, text, parts) => {
  const reading = readDocument(text);
  expect(reading.ok).toBe(false);
  for (const part of parts) expect(reading.ok ? '' : reading.problems.join()).toContain(part);
});

describe('an offer', () => {
  let folder: string;
  let offers = 0;
  let applied = 0;
  const errors: object[] = [];
  const log = {
    info: () => {},
    warn: () => {},
    error: (_text: string, fields?: object) => errors.push(fields ?? {}),
  };
  const keeper = () =>
    new DocumentKeeper({
      files: new DocumentFolder(folder),
      deployed: async () => DEPLOYED,
      check: (configuration) => readConfiguration(configuration, 'line-1'),
      clock: { now: () => Date.UTC(2026, 2, 2) },
      log: log as never,
    });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaizen-document-'));
    applied = 0;
    errors.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function offer(text: string): ReleaseOffer {
    const artifactsPath = join(folder, `artifacts-${++offers}`);
    mkdirSync(artifactsPath);
    writeFileSync(join(artifactsPath, 'configuration.json'), text);
    return {
      schemaVersion: 1,
      offerId: `offer-${offers}`,
      componentName: 'com.kaizenedge.dev.Configuration',
      componentVersion: '1.2.3',
      artifactsPath,
      offeredAt: '2026-03-02T00:00:00.000Z',
    };
  }
  const take = (to: DocumentKeeper, text: string) =>
    to.take(offer(text), async () => {
      applied++;
    });

  test('is in force at once, and after a restart', async () => {
    const first = keeper();
    await first.load();
    const text = JSON.stringify(document(2, 2));
    expect(await take(first, text)).toMatchObject({ verdict: 'accepted', code: 'ACCEPTED' });
    expect(applied).toBe(1);
    expect(first.over(DEPLOYED)).toMatchObject({ useCases: { 'line-1': {} } });
    const second = keeper();
    await second.load();
    expect(second.over(DEPLOYED)).toEqual(first.over(DEPLOYED));
    // A nucleus that starts a component again offers the same once more.
    expect(await take(second, text)).toMatchObject({ verdict: 'accepted', code: 'ALREADY_IN_SERVICE' });
    expect(applied).toBe(1);
  });

  test.each([
    ['that is none', 'x', 'is not JSON'],
    [
      'that does not fit together',
      JSON.stringify(document(2, 1, { modelComponentName: 'com.same' })),
      'must differ',
    ],
    [
      'with a broken address',
      JSON.stringify(document(1, 1, { cameras: { a: { ...CAMERA, url: 'https://user:secret@' } } })),
      'url',
    ],
  ])('of a document %s leaves the one before', async (_what, text, problem) => {
    const one = keeper();
    await take(one, JSON.stringify(document(1, 1)));
    const before = readFileSync(join(folder, 'configuration-document.json'), 'utf8');
    const verdict = await take(one, text);
    expect(verdict).toMatchObject({ verdict: 'refused', code: 'CONFIGURATION_INVALID' });
    expect(verdict.message).toContain(problem);
    expect(JSON.stringify([verdict, errors])).not.toContain('secret');
    expect(applied).toBe(1);
    expect(readFileSync(join(folder, 'configuration-document.json'), 'utf8')).toBe(before);
  });

  test('without its file is an error, which the inbox answers', async () => {
    const missing = { ...offer('{}'), artifactsPath: join(folder, 'absent') };
    await expect(keeper().take(missing, async () => {})).rejects.toThrow('ENOENT');
  });

  test('case 11: a document that was damaged on disk is none', async () => {
    writeFileSync(join(folder, 'configuration-document.json'), '{"schemaVersion":1,"useCa');
    const one = keeper();
    await one.load();
    expect(one.over(DEPLOYED)).toBe(DEPLOYED);
    expect(errors).toHaveLength(1);
  });
});
