import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { ContractError, parseContract, parseContractJson, problemsOf, withDefaults } from '../../contracts';
import { SCHEMAS } from '../../contracts/schemas';

const item = {
  id: 'a1',
  groupId: 'g1',
  key: 'images/sha256/ab/abc.jpg',
  sha256: 'a'.repeat(64),
  label: 'good',
  origin: 'rendered',
  capturedAt: '2026-11-23T00:00:00Z',
};

test('every schema file is registered under its own name', () => {
  const files = readdirSync(join(__dirname, '..', '..', 'contracts', 'schemas')).map((file) =>
    file.replace('.schema.json', ''),
  );
  expect(Object.keys(SCHEMAS).sort()).toEqual(files.sort());
});

test.each(Object.entries(SCHEMAS))('%s is a valid schema, and compiles in strict mode', (name, schema) => {
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    keywords: ['onChange'],
  });
  addFormats(ajv);
  for (const [other, value] of Object.entries(SCHEMAS)) if (other !== name) ajv.addSchema(value);
  expect(ajv.validateSchema(schema)).toBe(true);
  expect(() => ajv.compile(schema)).not.toThrow();
});

test('a valid value comes back as it is', () => {
  expect(parseContract('dataset-item', item, 'line 1')).toBe(item);
});

test.each([
  ['0', true],
  ['7-segment', true],
  ['scratch_2', true],
  ['Good', false],
  ['-x', false],
  ['', false],
])("[B27] '%s' as the name of a class: %s", (label, isTaken) => {
  expect(problemsOf('dataset-item', { ...item, label }).length === 0).toBe(isTaken);
});

test('[B27] a given split must be said', () => {
  expect(problemsOf('dataset-item', { ...item, split: 'test', splitGiven: true })).toEqual([]);
  expect(problemsOf('dataset-item', { ...item, splitGiven: true })).toEqual([
    expect.stringContaining('must have property split'),
  ]);
});

test('all problems are reported at once, each with field, rule and value', () => {
  const broken = { ...item, sha256: 'xyz', origin: 'stolen', surprise: 1, capturedAt: 'yesterday' };
  const problems = problemsOf('dataset-item', broken);
  expect(problems).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^sha256: must match pattern .* got "xyz"$/),
      'origin: must be one of rendered, imported, captured, got "stolen"',
      "(root): unknown field 'surprise'",
      expect.stringMatching(/^capturedAt: must match format "date-time", got "yesterday"$/),
    ]),
  );
  expect(() => parseContract('dataset-item', broken, 'line 7')).toThrow(
    /line 7 does not fit the contract 'dataset-item'/,
  );
});

test.each([
  [{ cpuSeconds: 1e308 }, 'resources.cpuSeconds'],
  [{ residentBytes: 1e300 }, 'resources.residentBytes'],
])('case 49: a status with a number that no table stores is refused: %j', (wrong, field) => {
  const status = {
    schemaVersion: 1,
    deviceId: 'line-1',
    useCase: 'line',
    sentAt: '2026-11-27T12:00:00Z',
    componentVersion: '1.0.0',
    healthy: true,
    conditions: [{ name: 'clock', ok: true, value: 7 }],
    outboxRecords: 0,
    framesProcessed: 0,
    framesDropped: 0,
    captureBytesToday: 0,
    highestCounter: 1,
    resources: { residentBytes: 1, cpuSeconds: 1, uptimeSeconds: 1 },
  };
  expect(problemsOf('device-status', status)).toEqual([]);
  const problems = problemsOf('device-status', { ...status, resources: { ...status.resources, ...wrong } });
  expect(problems.join()).toContain(field);
  const condition = { name: 'clock', ok: true, value: -1e308 };
  expect(problemsOf('device-status', { ...status, conditions: [condition] })).toHaveLength(1);
});

test('a long value is shortened in the message, so that no image and no secret is logged whole', () => {
  const [problem] = problemsOf('dataset-item', { ...item, sha256: 'z'.repeat(5000) });
  expect(problem?.length).toBeLessThan(200);
});

test('text that is not JSON is a contract error too', () => {
  expect(() => parseContractJson('dataset-item', '{', 'line 2')).toThrow(ContractError);
});

test('a problem shows no password of an address', () => {
  const url = 'ftp://operator:se/cret@camera.local/1';
  const configuration = {
    useCases: { welds: { cameras: { front: { type: 'rtsp', url } } } },
    captureBucket: 'captures',
  };
  const problems = problemsOf('component-configuration', configuration);
  expect(problems).toContainEqual(expect.stringContaining('ftp://...@camera.local/1'));
  expect(problems.join()).not.toContain('cret');
});

test('defaults are filled in at every depth, and the value itself is left alone', () => {
  const value = {
    captureBucket: 'captures',
    useCases: {
      welds: {
        modelComponentName: 'com.kaizenedge.model.welds',
        resultsTopic: 'line/results',
        statusTopic: 'line/status',
        cameras: { front: { type: 'folder' as const, path: '/frames' } },
        upload: {
          privacy: 'never' as const,
          dailyByteBudget: 0,
          controlSampleProbability: 0,
          uncertaintyThreshold: 0.5,
          uncertainSampleProbability: 0,
        },
        outbox: { maximumBytes: 1_048_576, batchRecords: 10, flushMilliseconds: 1000 },
      },
    },
  };
  expect(problemsOf('component-configuration', value)).toEqual([]);
  const before = structuredClone(value);
  expect(withDefaults('component-configuration', value)).toMatchObject({
    storage: { reserveBytes: 67_108_864 },
    statusIntervalSeconds: 60,
    useCases: { welds: { frames: { policy: 'newest' }, shadow: { frames: 500 } } },
  });
  expect(value).toEqual(before);
});
