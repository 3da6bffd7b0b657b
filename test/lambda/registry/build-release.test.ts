import { local } from '../../../config/local';
import { type ExportedModel, parseContractJson, type Release } from '../../../contracts';
import { canonicalJson, RELEASE_PAYLOAD_TYPE, signedDigest } from '../../../contracts/dsse';
import {
  type BuildReleasePorts,
  buildRelease,
  type ModelPackage,
} from '../../../lambda/registry/build-release/build-release';
import { composePolicy, exportProblems } from '../../../lambda/registry/build-release/compose-release';
import type { StoredRelease } from '../../../lambda/registry/release-items';
import type { PolicySettings } from '../../../lambda/registry/settings';
import { signRelease } from '../../../lambda/registry/sign-release';
import { SCOPE, USE_CASE } from '../shared/builders';
import { anExport, fileOf, sha256Of } from './builders';
import { FakeReleaseTable } from './fake-release-table';

const ARN = `arn:aws:sagemaker:eu-central-1:000000000000:model-package/kaizen-local-${USE_CASE}/1`;
const EXPORT = 's3://models/pipelines/run-1/export/';
const SETTINGS = {
  ...SCOPE,
  lifetimeDays: 30,
  architectures: ['linux-x64', 'linux-arm64'] as const,
  dispositionPolicy: local.dispositionPolicy,
};
type Golden = ExportedModel['goldenSamples'][number];
const KEY_ID = 'f'.repeat(64);

function aCloudVariant(name: string, text: string): NonNullable<ExportedModel['cloudVariant']> {
  return {
    file: fileOf(name, text),
    precision: 'fp32',
    multiplyAccumulates: 90_000_000,
    maximumDifference: 1e-6,
    accuracy: 0.99,
    lost: 1,
    gained: 5,
    worsePValue: 0.98,
  };
}

/** Everything that the registry touches, in memory. */
class World {
  readonly table = new FakeReleaseTable();
  readonly objects = new Map<string, string>();
  readonly envelopes = new Map<string, Buffer>();
  readonly kept: string[] = [];
  readonly signed: Buffer[] = [];
  /** Highest counter of which Greengrass has a version. */
  published = 0;
  readonly announced: { useCase: string; counter: number; releaseId: string }[] = [];
  clock = new Date('2026-03-01T10:00:00.000Z');
  /** Name of the port at which the process dies, once. */
  crashAt: string | undefined;
  modelPackage: ModelPackage & { metadata: Record<string, string> } = {
    arn: ARN,
    version: 1,
    approvalStatus: 'Approved',
    metadata: { useCase: USE_CASE, exportUri: EXPORT },
    modelUri: 's3://models/pipelines/run-1/model/model.tar.gz',
  };

  constructor(exported: object = anExport()) {
    const text = JSON.stringify(exported);
    this.modelPackage.metadata.exportSha256 = fileOf('export.json', text).sha256;
    this.objects.set(`${EXPORT}export.json`, text);
    this.objects.set(`${EXPORT}model-int8.onnx`, 'weights');
    this.objects.set(`${EXPORT}golden-1.png`, 'picture');
  }

  private step<Result>(name: string, result: () => Result): Result {
    if (this.crashAt === name) {
      this.crashAt = undefined;
      throw new Error(`crash at ${name}`);
    }
    return result();
  }

  ports(): BuildReleasePorts {
    return {
      now: () => this.clock,
      describePackage: async () => this.modelPackage,
      readText: async ({ bucket, key }) => this.objects.get(`s3://${bucket}/${key}`) ?? '',
      hash: async ({ bucket, key }) => {
        const text = this.objects.get(`s3://${bucket}/${key}`) ?? '';
        return { ...fileOf('', text), etag: `"${key}"` };
      },
      keep: async (_, etag, key) => this.step('keep', () => void this.kept.push(`${etag} ${key}`)),
      putEnvelope: async (key, body) => this.step('putEnvelope', () => void this.envelopes.set(key, body)),
      signer: {
        keyId: async () => KEY_ID,
        sign: async (digest) =>
          this.step('sign', () => {
            this.signed.push(digest);
            return Buffer.from('signature');
          }),
      },
      releases: {
        claimCounter: (...request) => this.table.claimCounter(...request),
        find: (counter) => this.table.find(counter),
        giveCodes: (...request) => this.table.giveCodes(...request),
        add: (stored) => this.step('add', () => this.table.add(stored)),
        noteAnnounced: (counter, at) => this.step('note', () => this.table.noteAnnounced(counter, at)),
      },
      highestPublished: async () => this.published,
      announce: async (detail) => this.step('announce', () => void this.announced.push(detail)),
    };
  }

  build(changes: Partial<Parameters<typeof buildRelease>[1]> = {}): Promise<StoredRelease> {
    return buildRelease(ARN, { ...SETTINGS, ...changes }, this.ports());
  }
}

describe('the release of an approved package', () => {
  test('[C9] a table that is new goes on after the versions that devices may have seen', async () => {
    const world = new World();
    world.published = 41;
    await expect(world.build()).resolves.toMatchObject({ componentVersion: '1.0.42' });
    world.modelPackage = { ...world.modelPackage, version: 2 };
    // The table counts from here on, whatever somebody else publishes.
    world.published = 900_001;
    await expect(world.build()).resolves.toMatchObject({ componentVersion: '1.0.43' });
  });

  test('[B5] is the signed statement of its files', async () => {
    const world = new World();
    const stored = await world.build();

    expect(stored).toMatchObject({
      status: 'READY',
      componentName: 'com.kaizenedge.local.model.Surface',
      componentVersion: '1.0.1',
      exportUri: EXPORT,
      modelUri: world.modelPackage.modelUri,
    });
    const body = world.envelopes.get(stored.envelopeKey);
    if (!body) throw new Error('no envelope');
    expect(stored.envelopeKey).toBe(`releases/envelopes/${sha256Of(body)}/release.dsse.json`);
    const envelope = parseContractJson('signed-release', body.toString(), 'envelope');
    const payload = Buffer.from(envelope.payload, 'base64');
    expect(envelope.signatures).toEqual([
      { keyid: KEY_ID, sig: Buffer.from('signature').toString('base64') },
    ]);
    expect(world.signed).toEqual([signedDigest(RELEASE_PAYLOAD_TYPE, payload)]);
    const release: Release = parseContractJson('release', payload.toString(), 'payload');
    expect(release).toEqual(stored.release);
    expect(release).toMatchObject({
      releaseId: `${USE_CASE}-1`,
      counter: 1,
      modelPackageArn: ARN,
      modelPackageVersion: 1,
      createdAt: '2026-03-01T10:00:00.000Z',
      expiresAt: '2026-03-31T10:00:00.000Z',
      target: {
        componentName: 'com.kaizenedge.local.model.Surface',
        architectures: ['linux-x64', 'linux-arm64'],
      },
      files: anExport().files,
    });
    expect(payload).toEqual(canonicalJson(release));
  });

  test('[B13] V1: three turns with a new class move no code, and a class that nobody named does not pass', async () => {
    const world = new World();
    const policies = [];
    for (const [version, classes] of [
      [1, ['good', 'scratch']],
      [2, ['crack', 'good', 'scratch']],
      [3, ['bent', 'crack', 'good', 'scratch']],
    ] as const) {
      const exported = anExport({
        classes: [...classes],
        thresholds: Object.fromEntries(classes.map((name) => [name, 0.5])),
        goldenSamples: [
          { file: 'golden-1.png', probabilities: { int8: classes.map(() => 1 / classes.length) } },
        ],
      });
      const text = JSON.stringify(exported);
      world.objects.set(`${EXPORT}export.json`, text);
      world.modelPackage = {
        ...world.modelPackage,
        version,
        metadata: { ...world.modelPackage.metadata, exportSha256: fileOf('export.json', text).sha256 },
      };
      policies.push((await world.build()).release.dispositionPolicy);
    }
    expect(policies.map((policy) => policy?.codes)).toEqual([
      { good: 1, scratch: 2 },
      { good: 1, scratch: 2, crack: 3 },
      { good: 1, scratch: 2, crack: 3, bent: 4 },
    ]);
    expect(policies[2]).toMatchObject({
      classes: { good: 'pass', scratch: 'reject', crack: 'reject', bent: 'reject' },
      novel: 'review',
    });
  });

  test('[B13] what contradicts is for review unless the plant says otherwise; bounds are signed where it lets operators move thresholds', () => {
    const codes = { dent: 1, good: 2 };
    const bounds = { good: { lowest: 0.8, highest: 0.95 } };
    const moving: PolicySettings = local.dispositionPolicy;
    const { operatingRange: _, ...fixed } = moving;
    const compose = (given: PolicySettings, exported?: typeof bounds) =>
      composePolicy(['dent', 'good'], codes, given, exported);
    expect(compose(fixed)).toMatchObject({ contradicted: 'review' });
    expect(compose({ ...fixed, contradicted: 'as-classified' })).toMatchObject({
      contradicted: 'as-classified',
    });
    expect(compose(moving, bounds).operatingRange).toEqual({ bounds, costs: local.dispositionPolicy.costs });
    expect(compose(moving).operatingRange).toBeUndefined();
    expect(compose(fixed, bounds).operatingRange).toBeUndefined();
  });

  test('[B13] V1: nothing is signed that moves a code', async () => {
    const release = (await new World().build()).release;
    const signer = new World().ports().signer;
    await expect(signRelease(release, { good: 2, scratch: 1 }, signer)).rejects.toThrow(
      /codes: 'good' is 2 and must stay it, got 1[\s\S]*codes: 'scratch' is 1 and must stay it, got 2/,
    );
  });

  test('[B13] the score of novelty is signed with its limits, and nothing is said of outputs that are not there', async () => {
    expect(Object.keys((await new World().build()).release)).not.toContain('novelty');
    const further = {
      novelty: { outputName: 'novelty', limits: { int8: 1.25 } },
      embedding: {
        outputName: 'embedding',
        size: 2,
        reference: { good: { images: 40, mean: [0.5, -1] } },
      },
    };
    const [golden] = anExport().goldenSamples;
    const world = new World();
    const text = JSON.stringify(
      anExport({ ...further, goldenSamples: [{ ...(golden as Golden), novelty: { int8: 0.5 } }] }),
    );
    world.objects.set(`${EXPORT}export.json`, text);
    world.modelPackage = {
      ...world.modelPackage,
      metadata: { ...world.modelPackage.metadata, exportSha256: fileOf('export.json', text).sha256 },
    };
    expect((await world.build()).release).toMatchObject(further);
  });

  test('keeps every file under its digest, as it was hashed', async () => {
    const world = new World();
    await world.build();
    expect(world.kept).toEqual(
      anExport().files.map(
        ({ name, sha256 }) => `"pipelines/run-1/export/${name}" releases/blobs/${sha256}/${name}`,
      ),
    );
  });

  test('[S10] keeps the cloud variant under its digest too, and gives it to no device', async () => {
    const world = new World({
      ...anExport(),
      cloudVariant: aCloudVariant('model-cloud.onnx', 'more weights'),
    });
    world.objects.set(`${EXPORT}model-cloud.onnx`, 'more weights');
    const cloudModel = { uri: 's3://models/pipelines/run-1/model/cloud/model.tar.gz', widthMultiplier: 0.5 };
    world.modelPackage = {
      ...world.modelPackage,
      metadata: {
        ...world.modelPackage.metadata,
        ...{ cloudModelUri: cloudModel.uri, cloudWidthMultiplier: '0.5' },
      },
    };
    const { release, cloudModelKey, cloudModel: noted } = await world.build();
    // From which the next larger network starts.
    expect(noted).toEqual(cloudModel);
    const { sha256 } = fileOf('model-cloud.onnx', 'more weights');
    expect(cloudModelKey).toBe(`releases/blobs/${sha256}/model-cloud.onnx`);
    expect(world.kept).toContain(`"pipelines/run-1/export/model-cloud.onnx" ${cloudModelKey}`);
    expect(JSON.stringify(release)).not.toContain('model-cloud.onnx');
  });

  test('case 33: is built once, however often the event comes', async () => {
    const world = new World();
    const first = await world.build();
    const again = await Promise.all([world.build(), world.build()]);

    expect(again.map(({ release }) => release)).toEqual([first.release, first.release]);
    expect(world.table.counter).toBe(1);
    expect(world.announced).toEqual([{ useCase: USE_CASE, counter: 1, releaseId: `${USE_CASE}-1` }]);
  });

  test('case 33: two calls at the same moment make one release', async () => {
    const world = new World();
    const [one, two] = await Promise.all([world.build(), world.build()]);
    expect(one.envelopeKey).toBe(two.envelopeKey);
    expect(world.table.releases.size).toBe(1);
  });

  test('a later edit of the package does not announce a release that has been rolled out', async () => {
    const world = new World();
    const { release } = await world.build();
    await world.table.mark(release.counter, { status: 'IN_SERVICE' });
    await world.build();
    expect(world.announced).toHaveLength(1);
  });

  test.each(['keep', 'sign', 'putEnvelope', 'add', 'announce', 'note'])(
    'case 34: a crash at %s is completed by the next call',
    async (step) => {
      const world = new World();
      world.crashAt = step;
      await expect(world.build()).rejects.toThrow(`crash at ${step}`);
      world.clock = new Date('2026-03-01T10:05:00.000Z');

      const { release, envelopeKey } = await world.build();
      expect(release).toMatchObject({ counter: 1, createdAt: '2026-03-01T10:00:00.000Z' });
      expect(world.envelopes.has(envelopeKey)).toBe(true);
      expect(world.table.counter).toBe(1);
      expect(world.announced.length).toBeGreaterThanOrEqual(1);
      expect(new Set(world.announced.map(({ counter }) => counter))).toEqual(new Set([1]));
    },
  );

  test('every package has its own counter', async () => {
    const world = new World();
    await world.build();
    world.modelPackage = { ...world.modelPackage, version: 2 };
    await expect(world.build()).resolves.toMatchObject({ componentVersion: '1.0.2' });
  });
});

describe('no release and no event', () => {
  async function expectRefusal(world: World, message: string) {
    await expect(world.build()).rejects.toThrow(message);
    expect(world.announced).toEqual([]);
    expect(world.table.releases.size).toBe(0);
    expect(world.kept).toEqual([]);
  }

  test.each<[string, Partial<ModelPackage>, string]>([
    [
      'is waiting for approval',
      { approvalStatus: 'PendingManualApproval' },
      "must be Approved, got 'PendingManualApproval'",
    ],
    ['was rejected since the event', { approvalStatus: 'Rejected' }, "got 'Rejected'"],
    ['has no metadata', { metadata: {} }, 'CustomerMetadataProperties.exportUri: must be there'],
    [
      'says no digest',
      { metadata: { useCase: USE_CASE, exportUri: EXPORT } },
      'CustomerMetadataProperties.exportSha256: must be there',
    ],
    [
      'is of another use case',
      { metadata: { useCase: 'other', exportUri: EXPORT, exportSha256: '0'.repeat(64) } },
      "must be 'surface', got 'other'",
    ],
    ['names no model', { modelUri: undefined }, 'ModelDataUrl: must be there'],
    [
      'names a larger network nowhere',
      {
        metadata: {
          ...{ useCase: USE_CASE, exportUri: EXPORT, exportSha256: '0'.repeat(64) },
          ...{ cloudModelUri: 's3://models', cloudWidthMultiplier: '0.5' },
        },
      },
      "CustomerMetadataProperties.cloudModelUri: must be s3://<bucket>/<key>, got 's3://models'",
    ],
    [
      'does not say how wide its larger network is',
      {
        metadata: {
          ...{ useCase: USE_CASE, exportUri: EXPORT, exportSha256: '0'.repeat(64) },
          ...{ cloudModelUri: 's3://models/c.tar.gz', cloudWidthMultiplier: 'wide' },
        },
      },
      "CustomerMetadataProperties.cloudWidthMultiplier: must be a number above 0, got 'wide'",
    ],
    [
      'has an export elsewhere',
      { metadata: { useCase: USE_CASE, exportUri: 'file:///tmp', exportSha256: '0'.repeat(64) } },
      'must be s3://',
    ],
  ])('for a package that %s', async (_, change, message) => {
    const world = new World();
    world.modelPackage = { ...world.modelPackage, ...change };
    await expectRefusal(world, message);
  });

  test('every problem of a package is told at once', async () => {
    const world = new World();
    world.modelPackage = {
      ...world.modelPackage,
      approvalStatus: 'Rejected',
      metadata: {},
      modelUri: undefined,
    };
    await expect(world.build()).rejects.toThrow(
      /ModelApprovalStatus.*useCase.*exportUri.*exportSha256.*ModelDataUrl/s,
    );
  });

  test('before a counter is given away', async () => {
    const world = new World();
    world.modelPackage = { ...world.modelPackage, approvalStatus: 'Rejected' };
    await world.build().catch(() => undefined);
    expect(world.table.counter).toBe(0);
  });

  test.each([
    ['a tampered file', 'weightz', 'model-int8.onnx: sha256 must be'],
    ['a truncated file', 'weight', 'model-int8.onnx: bytes must be 7, got 6'],
  ])('case 12: for %s', async (_, text, message) => {
    const world = new World();
    world.objects.set(`${EXPORT}model-int8.onnx`, text);
    await expectRefusal(world, message);
  });

  test('case 38: for an export that another execution has overwritten after the approval', async () => {
    const world = new World();
    const { exportSha256: expected } = world.modelPackage.metadata;
    const planted = anExport({
      files: [fileOf('model-int8.onnx', 'malice'), fileOf('golden-1.png', 'picture')],
    });
    const text = JSON.stringify(planted);
    world.objects.set(`${EXPORT}export.json`, text).set(`${EXPORT}model-int8.onnx`, 'malice');
    const found = fileOf('export.json', text).sha256;
    await expectRefusal(
      world,
      `${EXPORT}export.json is not what was approved: its SHA-256 must be ${expected} (CustomerMetadataProperties.exportSha256), got ${found}`,
    );
    expect(world.signed).toEqual([]);
    expect(world.envelopes.size).toBe(0);
  });

  test('[S10] for a tampered cloud variant', async () => {
    const world = new World({
      ...anExport(),
      cloudVariant: aCloudVariant('model-cloud.onnx', 'more weights'),
    });
    world.objects.set(`${EXPORT}model-cloud.onnx`, 'more weightz');
    await expectRefusal(world, 'model-cloud.onnx: sha256 must be');
  });

  test('for an export that breaks its contract', async () => {
    await expectRefusal(
      new World({ ...anExport(), classes: ['good'] }),
      "does not fit the contract 'exported-model'",
    );
  });
});

describe('rules between the fields of an export', () => {
  const golden = anExport().goldenSamples[0];
  test.each<[string, Partial<ExportedModel>, string]>([
    [
      'a file twice',
      { files: [...anExport().files, fileOf('golden-1.png', 'x')] },
      "files: 'golden-1.png' is listed twice",
    ],
    [
      'a variant twice',
      { variants: [...anExport().variants, ...anExport().variants] },
      "variants: 'int8' is listed twice",
    ],
    [
      'a reserved file name',
      { files: [...anExport().files, fileOf('release.dsse.json', 'x')] },
      'is a reserved name',
    ],
    [
      'a variant without its file',
      { files: [fileOf('golden-1.png', 'picture')] },
      "'model-int8.onnx' is used but not listed",
    ],
    ['a class without threshold', { thresholds: { good: 0.5 } }, "thresholds: none for class 'scratch'"],
    [
      'a threshold without class',
      { thresholds: { good: 0.5, scratch: 0.5, dent: 0.5 } },
      "thresholds: 'dent' is no class",
    ],
    [
      'too few probabilities',
      { goldenSamples: [{ ...golden, file: 'golden-1.png', probabilities: { int8: [1] } }] },
      'has 1 probabilities',
    ],
    [
      'no probabilities',
      { goldenSamples: [{ ...golden, file: 'golden-1.png', probabilities: {} }] },
      'has no probabilities',
    ],
    ['another use case', { useCase: 'other' }, "useCase: must be 'surface', got 'other'"],
    [
      '[S11] an architecture without a variant',
      {
        variants: [
          { name: 'int8', file: 'model-int8.onnx', precision: 'int8', architectures: ['linux-arm64'] },
        ],
      },
      'variants: none is offered to linux-x64',
    ],
    [
      '[S10] a cloud variant that devices would download',
      { cloudVariant: aCloudVariant('model-int8.onnx', 'weights') },
      "cloudVariant: 'model-int8.onnx' must not be among files",
    ],
    [
      'a score of novelty without a limit',
      { novelty: { outputName: 'novelty', limits: { fp32: 1 } } },
      "novelty.limits: none for variant 'int8'",
    ],
  ])('%s is a problem', (_, change, problem) => {
    expect(exportProblems(anExport(change), USE_CASE, SETTINGS.architectures).join('\n')).toContain(problem);
  });

  test('a good one has none', () => {
    expect(exportProblems(anExport(), USE_CASE, SETTINGS.architectures)).toEqual([]);
  });
});

describe('[S10] the larger network of a release', () => {
  const cloudVariant = aCloudVariant('model-cloud.onnx', 'large weights');
  const thresholds = { good: 0.7, scratch: 0.6 };
  const newWorld = (more: object = { thresholds }) => {
    const world = new World(anExport({ cloudVariant: { ...cloudVariant, ...more } }));
    world.objects.set(`${EXPORT}model-cloud.onnx`, 'large weights');
    return world;
  };

  test('is signed with its digest, its thresholds and whether a part may pass on it', async () => {
    const { release } = await newWorld().build({ secondOpinion: { mayPass: true } });
    expect(release.secondOpinion).toEqual({ model: cloudVariant.file, thresholds, mayPass: true });
    expect(release.files.map(({ name }) => name)).not.toContain('model-cloud.onnx');
  });

  test('of an export from before has the thresholds of the devices', async () => {
    const { release } = await newWorld({}).build({ secondOpinion: { mayPass: false } });
    expect(release.secondOpinion?.thresholds).toEqual(release.thresholds);
  });

  test("is neither kept nor signed where the export found it worse than the devices' network", async () => {
    const world = newWorld({ thresholds, inService: false });
    const { release, cloudModelKey } = await world.build({ secondOpinion: { mayPass: true } });
    expect(release).not.toHaveProperty('secondOpinion');
    expect(cloudModelKey).toBeUndefined();
    expect(world.kept.join(' ')).not.toContain('model-cloud.onnx');
  });

  test('is not signed where nobody answers with it: devices of before take the release', async () => {
    const { release } = await newWorld().build();
    expect(release).not.toHaveProperty('secondOpinion');
  });

  test('with thresholds of other classes gives no release', async () => {
    const world = newWorld({ thresholds: { good: 0.7, other: 0.6 } });
    await expect(world.build({ secondOpinion: { mayPass: true } })).rejects.toThrow(
      /cloudVariant.thresholds: none for class 'scratch'[\s\S]*cloudVariant.thresholds: 'other' is no class/,
    );
  });
});
