import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { unzipSync } from 'fflate';
import { BILL_FILE, buildInferenceArtifact } from '../../../edge-components/inference/build';
import {
  type ArchitectureArtifact,
  type ArtifactDescription,
  readDescription,
} from '../../../edge-components/inference/packaging/artifact-description';
import { type Bundle, buildBundles } from '../../../edge-components/inference/packaging/bundles';
import { MAXIMUM_RATIO } from '../../../edge-components/inference/packaging/size-budget';
import lock from '../../../package-lock.json';
import { centralDirectory } from '../zip-directory';

const ROOT = join(__dirname, '..', '..', '..');
const BUILD_TIMEOUT_MILLISECONDS = 120_000;

interface Component {
  readonly type: string;
  readonly name: string;
  readonly group?: string;
  readonly version?: string;
  readonly purl?: string;
  readonly 'bom-ref': string;
  readonly hashes?: { readonly alg: string; readonly content: string }[];
  readonly licenses?: object[];
  readonly externalReferences?: {
    readonly type: string;
    readonly hashes?: { readonly alg: string; readonly content: string }[];
  }[];
  readonly components?: Component[];
}

interface Bill {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: Component[];
  readonly dependencies: { readonly ref: string; readonly dependsOn?: string[] }[];
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** Digests by file name. */
const digests = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, sha256(readFileSync(join(folder, name)))]));

let folder: string;
let first: string;
let second: string;
let description: ArtifactDescription;
let artifact: ArchitectureArtifact;
let files: Record<string, Uint8Array>;
let bill: Bill;
let bundles: ReadonlyMap<string, Bundle>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-build-'));
  first = join(folder, 'first');
  second = join(folder, 'elsewhere', 'second');
  mkdirSync(second, { recursive: true });
  writeFileSync(join(second, 'inference-linux-arm64.zip'), 'of an interrupted build');
  description = await buildInferenceArtifact(first);
  expect(await buildInferenceArtifact(second)).toEqual(description);
  artifact = description.architectures['linux-x64'] as ArchitectureArtifact;
  files = unzipSync(readFileSync(join(first, artifact.file)));
  bill = JSON.parse(Buffer.from(files[BILL_FILE] as Uint8Array).toString());
  bundles = await buildBundles();
}, BUILD_TIMEOUT_MILLISECONDS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the artifact', () => {
  test('has the same bytes wherever it is built', () => {
    expect(digests(second)).toEqual(digests(first));
  });

  test('is one per architecture, of one version, as inference.json says', () => {
    expect(readDescription(first)).toEqual(description);
    expect(description.version).toMatch(/^1\.\d{1,6}\.\d{1,6}$/);
    const built = Object.entries(description.architectures);
    expect(built.map(([architecture]) => architecture)).toEqual(['linux-x64', 'linux-arm64']);
    for (const [architecture, { file, sha256: digest, bytes, unpackedBytes }] of built) {
      const zip = readFileSync(join(first, file));
      expect([file, digest, bytes]).toEqual([`inference-${architecture}.zip`, sha256(zip), zip.length]);
      const contents = unzipSync(zip);
      expect(Object.values(contents).reduce((sum, { length }) => sum + length, 0)).toBe(unpackedBytes);
      const foreign = Object.keys(contents).filter(
        (name) => name.startsWith('native/') && !name.startsWith(`native/${architecture}/`),
      );
      expect(foreign).toEqual([]);
    }
    expect(readdirSync(first).sort()).toEqual(
      [
        'inference.json',
        ...built.flatMap(([name]) => [`inference-${name}.zip`, `inference-${name}.cdx.json`]),
      ].sort(),
    );
  });

  test('holds the bundles, the native files and the bill of materials, and nothing else', () => {
    const native = 'native/linux-x64';
    expect(Object.keys(files).map((name) => name.replace(/\.so\.[0-9.]+$/, '.so'))).toEqual([
      'agent.cjs',
      'decoder-host.cjs',
      'inference-host.cjs',
      'main.cjs',
      `${native}/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so`,
      `${native}/@img/sharp-linux-x64/lib/sharp.node`,
      `${native}/libonnxruntime.so`,
      `${native}/onnxruntime_binding.node`,
      's3-client.cjs',
      'sbom.cdx.json',
    ]);
  });

  test('has entries in the order of their paths, all with the same time and attributes', () => {
    const entries = centralDirectory(readFileSync(join(first, artifact.file)));
    expect(entries).toEqual(
      Object.keys(files)
        .sort()
        .map((name) => ({ name, system: 3, modified: '1980-01-01 00:00:00', mode: 0o100644 })),
    );
  });

  test('keeps its size budget', () => {
    expect(artifact.sizeRatio).toBeGreaterThanOrEqual(1);
    expect(artifact.sizeRatio).toBeLessThanOrEqual(MAXIMUM_RATIO);
  });

  test.each(['main.cjs', 'agent.cjs', 'decoder-host.cjs', 'inference-host.cjs', 's3-client.cjs'])(
    '%s names no folder of this machine',
    (name) => {
      const text = Buffer.from(files[name] as Uint8Array).toString();
      expect(text.length).toBeGreaterThan(1_000);
      for (const path of [ROOT, homedir(), folder]) expect(text).not.toContain(path);
    },
  );

  test(
    'is reused when it is what would be built, and replaced when it is damaged',
    async () => {
      const zip = join(second, artifact.file);
      const before = statSync(zip, { bigint: true });
      expect(await buildInferenceArtifact(second)).toEqual(description);
      expect(statSync(zip, { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs });

      truncateSync(zip, artifact.bytes - 1);
      expect(await buildInferenceArtifact(second)).toEqual(description);
      expect(sha256(readFileSync(zip))).toBe(artifact.sha256);
    },
    BUILD_TIMEOUT_MILLISECONDS,
  );

  test('of an architecture that is not built any more is removed', () => {
    expect(existsSync(join(second, 'inference-linux-arm64.zip'))).toBe(
      'linux-arm64' in description.architectures,
    );
  });
});

describe('the bill of materials', () => {
  const nested = (components: readonly Component[]): Component[] =>
    components.flatMap((component) => [component, ...nested(component.components ?? [])]);
  const all = (): Component[] => nested(bill.components);
  const npmPackages = (): Component[] => all().filter(({ purl }) => purl?.startsWith('pkg:npm/'));
  const fullName = ({ group, name }: Component): string => (group ? `${group}/${name}` : name);
  /** `node_modules/@a/b/c.js` -> `@a/b`, without the code under test. */
  const packageName = (path: string): string => {
    const [scopeOrName = '', name = ''] = (path.split('node_modules/').pop() as string).split('/');
    return scopeOrName.startsWith('@') ? `${scopeOrName}/${name}` : scopeOrName;
  };
  const bundledPackages = (): Set<string> => {
    const inputs = [...bundles.values()].flatMap((bundle) => bundle.inputs);
    return new Set(inputs.filter((input) => input.includes('node_modules/')).map(packageName));
  };
  const NATIVE_PACKAGES = ['@img/sharp-linux-x64', '@img/sharp-libvips-linux-x64', 'onnxruntime-node'];

  test('is valid CycloneDX 1.6, inside the artifact as beside it', async () => {
    const text = readFileSync(join(first, 'inference-linux-x64.cdx.json'), 'utf8');
    expect(Buffer.from(files[BILL_FILE] as Uint8Array).toString()).toBe(text);
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
  });

  test('names the artifact and its version, and neither a time nor a random number', () => {
    expect(bill.metadata.component).toMatchObject({
      name: 'com.kaizenedge.Inference',
      version: description.version,
    });
    expect(bill.metadata.timestamp).toBeUndefined();
    expect(bill.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test('lists every file with its digest, and no file that is not shipped', () => {
    const listed = all()
      .filter(({ type }) => type === 'file')
      .map(({ name, hashes }) => [name, hashes]);
    const shipped = Object.entries(files)
      .filter(([name]) => name !== BILL_FILE)
      .map(([name, bytes]) => [name, [{ alg: 'SHA-256', content: sha256(bytes) }]]);
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(shipped));
    expect(listed).toHaveLength(shipped.length);
  });

  test('lists every npm package of which code is shipped, and no other', () => {
    const shipped = new Set([...bundledPackages(), ...NATIVE_PACKAGES]);
    expect(npmPackages().map(fullName).sort()).toEqual([...shipped].sort());
    expect([...shipped]).toEqual(expect.arrayContaining(['ajv', 'sharp', '@aws-sdk/client-s3']));
  });

  test('gives each package the version, the licence and the digest of its tarball', () => {
    const locked = lock.packages as Record<string, { version?: string; integrity?: string }>;
    for (const component of npmPackages()) {
      const { version, integrity } = locked[`node_modules/${fullName(component)}`] ?? {};
      const distribution = component.externalReferences?.find(({ type }) => type === 'distribution');
      const [hash] = distribution?.hashes ?? [];
      expect([fullName(component), component.version]).toEqual([fullName(component), version]);
      expect(hash?.alg).toBe('SHA-512');
      expect(`sha512-${Buffer.from(hash?.content ?? '', 'hex').toString('base64')}`).toBe(integrity);
      expect(component.licenses).toHaveLength(1);
    }
  });

  test('puts the native files and the libraries in them into the package that brings them', () => {
    const inside = (name: string): string[] => {
      const parent = npmPackages().find((component) => fullName(component) === name);
      return (parent?.components ?? []).map(({ purl, name: file }) => purl ?? file).sort();
    };
    expect(inside('@img/sharp-linux-x64')).toEqual(['native/linux-x64/@img/sharp-linux-x64/lib/sharp.node']);
    const { version } = lock.packages['node_modules/onnxruntime-node'];
    expect(inside('onnxruntime-node')).toEqual([
      'native/linux-x64/libonnxruntime.so.1',
      'native/linux-x64/onnxruntime_binding.node',
      `pkg:github/microsoft/onnxruntime@v${version}`,
    ]);
    const libvips = JSON.parse(
      readFileSync(join(ROOT, 'node_modules/@img/sharp-libvips-linux-x64/versions.json'), 'utf8'),
    );
    expect(inside('@img/sharp-libvips-linux-x64')).toEqual(
      expect.arrayContaining([
        `native/linux-x64/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.${libvips.vips}`,
        `pkg:generic/libvips@${libvips.vips}`,
        `pkg:generic/libwebp@${libvips.webp}`,
        `pkg:generic/libultrahdr@${libvips.uhdr}`,
        `pkg:generic/zlib-ng@${libvips['zlib-ng']}`,
      ]),
    );
    const linked = inside('@img/sharp-libvips-linux-x64').filter((part) => part.includes('@'));
    expect(linked.length).toBeGreaterThan(Object.keys(libvips).length);
  });

  test('says of the ONNX Runtime what the library says of itself', () => {
    const { version } = lock.packages['node_modules/onnxruntime-node'];
    const library = Buffer.from(files['native/linux-x64/libonnxruntime.so.1'] as Uint8Array);
    expect(library.includes(`VERS_${version}`)).toBe(true);
  });

  test('tells which bundle contains which package', () => {
    const uses = (ref: string): string[] =>
      bill.dependencies.find((entry) => entry.ref === ref)?.dependsOn ?? [];
    expect(uses('com.kaizenedge.Inference')).toEqual([
      'file:agent.cjs',
      'file:decoder-host.cjs',
      'file:inference-host.cjs',
      'file:main.cjs',
      'file:s3-client.cjs',
    ]);
    for (const [name, { inputs }] of bundles) {
      const packages = new Set(inputs.filter((input) => input.includes('node_modules/')).map(packageName));
      expect(uses(`file:${name}`)).toHaveLength(packages.size);
    }
    const references = new Set(all().map((component) => component['bom-ref']));
    const used = bill.dependencies.flatMap(({ dependsOn = [] }) => dependsOn);
    expect(used.filter((ref) => !references.has(ref))).toEqual([]);
  });
});

test('the S3 client is not in the file that every start parses', () => {
  const inputsOf = (name: string): string[] =>
    (bundles.get(name)?.inputs ?? []).filter((input) =>
      // What the frames of IPC need of @smithy/core is a few files.
      /node_modules\/(@aws-sdk|@smithy\/(?!core\/))/.test(input),
    );
  expect(inputsOf('agent.cjs')).toEqual([]);
  expect(inputsOf('s3-client.cjs').length).toBeGreaterThan(10);
});

test('the process that the nucleus watches holds our code alone, and the agent no native package', () => {
  const inputsOf = (name: string): readonly string[] => (bundles.get(name) as Bundle).inputs;
  expect(inputsOf('main.cjs').filter((input) => input.includes('node_modules/'))).toEqual([]);
  expect(inputsOf('agent.cjs').filter((input) => /(sharp|@img|onnxruntime)/.test(input))).toEqual([]);
  for (const name of ['main.cjs', 'agent.cjs']) {
    expect(Buffer.from(files[name] as Uint8Array).toString()).not.toContain('.node');
  }
});

test('the host of a graph contains no decoder, no AWS SDK and no schema validation', () => {
  const { inputs } = bundles.get('inference-host.cjs') as Bundle;
  expect(inputs.length).toBeGreaterThan(1);
  expect(
    inputs.filter((input) => /node_modules\/(sharp|@img|@aws-sdk|@smithy|aws-|ajv)/.test(input)),
  ).toEqual([]);
});
