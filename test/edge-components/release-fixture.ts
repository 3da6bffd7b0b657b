/** Signed releases of the tiny graphs of make_models.py, as a model component would carry them. */
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Release, SignedRelease, TrustedKeys } from '../../contracts';
import {
  canonicalJson,
  keyIdOf,
  preAuthenticationEncoding,
  RELEASE_PAYLOAD_TYPE,
} from '../../contracts/dsse';
import { virtualEnvironmentPython } from '../../scripts/repository';

export const HEIGHT = 16;
export const WIDTH = 24;
export const COMPONENT = 'com.kaizenedge.model.BrightnessTest';
export const USE_CASE = 'brightness-test';

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'kaizen-edge-'));

/** Writes the graphs into `folder`. */
export function makeModels(folder: string): void {
  execFileSync(virtualEnvironmentPython(), [join(__dirname, 'make_models.py'), folder]);
}

/** What a graph of this gain answers for an image whose channels average `level` (0..255). */
export function expectedProbabilities(gain: number, level: number): number[] {
  const bright = 1 / (1 + Math.exp((-2 * gain * (level - 127.5)) / 255));
  return [bright, 1 - bright];
}

/** A PNG of one colour. */
export function plainImage(level: number, format: 'png' | 'jpeg' = 'png'): Promise<Buffer> {
  const image = sharp({
    create: { width: WIDTH, height: HEIGHT, channels: 3, background: { r: level, g: level, b: level } },
  });
  return image.toFormat(format, { quality: 100 }).toBuffer();
}

export interface SigningKey {
  readonly keyid: string;
  readonly privateKey: KeyObject;
  readonly trusted: TrustedKeys['keys'][number];
}

export function signingKey(status: 'active' | 'revoked' = 'active'): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyPem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
  const keyid = keyIdOf(publicKeyPem);
  return { keyid, privateKey, trusted: { keyid, algorithm: 'ECDSA_SHA_256', publicKeyPem, status } };
}

export function signRelease(release: unknown, key: SigningKey): SignedRelease {
  const payload = Buffer.from(canonicalJson(release));
  const signed = preAuthenticationEncoding(RELEASE_PAYLOAD_TYPE, payload);
  return {
    payloadType: RELEASE_PAYLOAD_TYPE,
    payload: payload.toString('base64'),
    signatures: [{ keyid: key.keyid, sig: sign('sha256', signed, key.privateKey).toString('base64') }],
  };
}

export interface ReleaseOptions {
  readonly counter: number;
  /** Which graph the fp32 variant is. */
  readonly gain?: number;
  readonly fp32?: string;
  /** Graph of an int8 variant, and the gain that its golden samples expect. */
  readonly int8?: string;
  readonly int8Gain?: number;
  readonly overrides?: Partial<Release>;
}

const DAY_MILLISECONDS = 86_400_000;
const HISTOGRAM = { minimum: 0, maximum: 1, counts: [1, 1] };

/** A baseline in which every image statistic has this histogram. */
export const baselineOf = (
  classes: readonly string[],
  histogram = HISTOGRAM,
  accuracy = 1,
): Release['baseline'] => ({
  confidence: histogram,
  brightness: histogram,
  contrast: histogram,
  sharpness: histogram,
  classCounts: Object.fromEntries(classes.map((name) => [name, 1])),
  accuracy,
});

/** What a release says of its files. */
export const describeFiles = (folder: string, names: readonly string[]): Release['files'] =>
  names.map((name) => {
    const bytes = readFileSync(join(folder, name));
    return { name, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
  }) as Release['files'];

/** What releases differ in; the rest may be said too. */
export type ReleaseContent = Pick<
  Release,
  'counter' | 'classes' | 'input' | 'files' | 'variants' | 'goldenSamples'
> &
  Partial<Release>;

/** A release of the tests' use case, made a minute ago and good for a day. */
export function describeRelease(content: ReleaseContent): Release {
  const { counter, classes } = content;
  return {
    schemaVersion: 1,
    releaseId: `${USE_CASE}-${counter}`,
    useCase: USE_CASE,
    modelPackageArn: `arn:aws:sagemaker:us-east-1:000000000000:model-package/${USE_CASE}/${counter}`,
    modelPackageVersion: counter,
    createdAt: new Date(Date.now() - 60_000).toISOString(),
    expiresAt: new Date(Date.now() + DAY_MILLISECONDS).toISOString(),
    target: { componentName: COMPONENT, architectures: ['linux-x64', 'linux-arm64'] },
    thresholds: Object.fromEntries(classes.map((name) => [name, 0.5])),
    baseline: baselineOf(classes),
    ...content,
  };
}

/** Signed envelope and startup script: makes the folder with a release's files the artifact folder of a model component. */
export function writeEnvelope(folder: string, release: unknown, key: SigningKey): void {
  writeFileSync(join(folder, 'release.dsse.json'), JSON.stringify(signRelease(release, key)));
  writeFileSync(join(folder, 'deliver-release.cjs'), '// stands for the startup script\n');
}

/** Copies the files of a release from `models` into `folder` and describes them. */
export async function releaseFiles(
  folder: string,
  models: string,
  options: ReleaseOptions,
): Promise<Release> {
  const { counter, gain = 4, int8, int8Gain = gain } = options;
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(models, options.fp32 ?? `gain-${gain}.onnx`), join(folder, 'model-fp32.onnx'));
  if (int8) copyFileSync(join(models, int8), join(folder, 'model-int8.onnx'));
  const levels = [40, 200];
  for (const [index, level] of levels.entries()) {
    writeFileSync(join(folder, `golden-${index}.png`), await plainImage(level));
  }
  const names = [
    'model-fp32.onnx',
    ...(int8 ? ['model-int8.onnx'] : []),
    ...levels.map((_, index) => `golden-${index}.png`),
  ];
  return describeRelease({
    counter,
    classes: ['bright', 'dark'],
    input: { name: 'image', height: HEIGHT, width: WIDTH, outputName: 'probabilities' },
    files: describeFiles(folder, names),
    variants: [
      { name: 'fp32', file: 'model-fp32.onnx', precision: 'fp32' },
      ...(int8 ? [{ name: 'int8', file: 'model-int8.onnx', precision: 'int8' as const }] : []),
    ],
    goldenSamples: levels.map((level, index) => ({
      file: `golden-${index}.png`,
      probabilities: {
        fp32: expectedProbabilities(gain, level),
        ...(int8 && { int8: expectedProbabilities(int8Gain, level) }),
      },
    })),
    thresholds: { bright: 0.6, dark: 0.6 },
    ...options.overrides,
  });
}

/** The artifact folder of a model component: files, envelope, startup script. Returns the release. */
export async function offeredFolder(
  folder: string,
  models: string,
  key: SigningKey,
  options: ReleaseOptions,
): Promise<Release> {
  const release = await releaseFiles(folder, models, options);
  writeEnvelope(folder, release, key);
  return release;
}
