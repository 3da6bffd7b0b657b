/**
 * The component for arm64, run: the same releases and frames on both architectures. On request (`npm test -- arm64`),
 * because it needs an emulator and takes minutes; what can be told without running anything is checked in every build.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { InferenceResult, Release, ReleaseVerdict } from '../../contracts';
import type { EdgeArchitecture } from '../../contracts/edge-platform';
import { REPOSITORY_ROOT, virtualEnvironmentPython } from '../../scripts/repository';
import { Device, recordsOnDisk, unpackArtifacts } from '../edge-components/device-harness';
import {
  COMPONENT,
  describeFiles,
  describeRelease,
  signingKey,
  temporaryFolder,
  USE_CASE,
  writeEnvelope,
} from '../edge-components/release-fixture';
import { waitFor } from '../edge-components/wait-for';
import { EmulatedNode } from './emulated-node';

/** Emulated, everything takes ten to thirty times as long; these only end what hangs. */
const PATIENCE_MILLISECONDS = 300_000;
jest.setTimeout(900_000);

const SIZE = 96;
const SAMPLES = 4;
const CLASSES = ['good', 'scratch', 'dent'];
type VariantName = 'fp32' | 'int8';
const VARIANTS: readonly VariantName[] = ['fp32', 'int8'];
/**
 * How far two processors may be apart in a probability: sums of floats in another order. A wrong result of one of its
 * operators is off by hundredths.
 */
const TOLERANCE = 0.001;

const root = temporaryFolder();
const key = signingKey();
const devices: Device[] = [];
let answers: Record<string, Record<VariantName, number[]>>;
let emulated: EmulatedNode;
let folders = 0;

beforeAll(async () => {
  execFileSync(virtualEnvironmentPython(), [join(__dirname, 'make_release.py'), join(root, 'models')], {
    env: {
      PATH: process.env.PATH,
      PYTHONPATH: join(REPOSITORY_ROOT, 'training'),
      ORT_DISABLE_TELEMETRY: '1',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  answers = JSON.parse(readFileSync(join(root, 'models', 'answers.json'), 'utf8'));
  await unpackArtifacts({
    'linux-x64': join(root, 'linux-x64'),
    'linux-arm64': join(root, 'linux-arm64'),
  });
  emulated = EmulatedNode.make(join(root, 'emulated'));
});

afterEach(async () => {
  await Promise.all(devices.splice(0).map((device) => device.stop()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function newDevice(architecture: EdgeArchitecture): Promise<Device> {
  const device = new Device(join(root, `device-${++folders}`), join(root, architecture), [key]);
  if (architecture === 'linux-arm64') device.node = emulated.command;
  device.patienceMilliseconds = PATIENCE_MILLISECONDS;
  device.configure({}, { trial: { timeoutMilliseconds: 120_000 } });
  devices.push(device);
  await device.start();
  return device;
}

/** A signed release of these variants; `change` makes it wrong. */
function release(
  counter: number,
  variants: readonly VariantName[],
  change: (release: Release) => Release = (made) => made,
): string {
  const folder = join(root, `release-${counter}`);
  mkdirSync(folder);
  const goldens = Array.from({ length: SAMPLES }, (_, index) => `golden-${index}.png`);
  const names = [...variants.map((variant) => `model-${variant}.onnx`), ...goldens];
  for (const name of names) cpSync(join(root, 'models', name), join(folder, name));
  const made = describeRelease({
    counter,
    classes: CLASSES as Release['classes'],
    input: { name: 'image', height: SIZE, width: SIZE, outputName: 'probabilities' },
    files: describeFiles(folder, names),
    variants: variants.map((name) => ({
      name,
      file: `model-${name}.onnx`,
      precision: name,
    })) as Release['variants'],
    goldenSamples: goldens.map((file) => ({
      file,
      tolerance: TOLERANCE,
      probabilities: Object.fromEntries(variants.map((name) => [name, answers[file]?.[name]])),
    })) as unknown as Release['goldenSamples'],
  });
  writeEnvelope(folder, change(made), key);
  return folder;
}

/** The frames of a line: what the golden samples show, in the formats that cameras send. */
async function frames(): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (let index = 0; index < SAMPLES; index++) {
    const png = readFileSync(join(root, 'models', `golden-${index}.png`));
    found.set(`png-${index}`, png);
    found.set(`jpeg-${index}`, await sharp(png).jpeg({ quality: 80 }).toBuffer());
    found.set(`progressive-${index}`, await sharp(png).jpeg({ progressive: true }).toBuffer());
  }
  return found;
}

/** Waits for what a device does; a device that has ended says what it said last. */
function until<Value>(what: string, device: Device, probe: () => Value | undefined | false): Promise<Value> {
  const orEnded = () => {
    const value = probe();
    if (!value && device.ended !== undefined) {
      throw new Error(`no ${what}: the component ended with ${device.ended}: ${device.log.slice(-2000)}`);
    }
    return value;
  };
  return waitFor(what, orEnded, PATIENCE_MILLISECONDS);
}

function offer(device: Device, folder: string): Promise<ReleaseVerdict> {
  const offerId = device.putOffer(folder, COMPONENT);
  return until(`verdict on ${offerId}`, device, () => device.verdict(offerId));
}

/** What a device says of frames, by frame id; shown one after the other. */
async function inspect(
  device: Device,
  shown: ReadonlyMap<string, Buffer>,
): Promise<Map<string, InferenceResult>> {
  const answered = () => new Map(device.localResults.map((result) => [result.frameId, result]));
  await until('camera', device, () => device.cameraConnected);
  for (const [frameId, image] of shown) {
    device.show(frameId, image);
    await until(`answer to ${frameId}`, device, () => answered().has(frameId));
  }
  return answered();
}

const accepted = expect.objectContaining({ verdict: 'accepted' });

describe.each(VARIANTS)('[S7] the variant %s', (variant) => {
  test('is right on both architectures, and says the same of every frame', async () => {
    const shown = await frames();
    const offered = release(variant === 'fp32' ? 1 : 2, [variant]);
    const said = [];
    for (const architecture of ['linux-x64', 'linux-arm64'] as const) {
      const device = await newDevice(architecture);
      // The self-test compares every golden sample with the answer of the cloud's runtime on x86-64.
      expect(await offer(device, offered)).toEqual(accepted);
      said.push(await inspect(device, shown));
      await device.stop();
    }
    const [x64, arm64] = said as [Map<string, InferenceResult>, Map<string, InferenceResult>];
    for (const frameId of shown.keys()) {
      const {
        variant: used,
        predictedClass,
        confidence = 0,
        status,
        image,
      } = x64.get(frameId) as InferenceResult;
      expect(used).toBe(variant);
      // An answer that is none would be the same everywhere.
      expect(['ok', 'uncertain']).toContain(status);
      const other = arm64.get(frameId);
      // Statistics are of the decoded pixels: where they are the same, so are the pixels.
      expect(other).toMatchObject({ variant, predictedClass, status, image });
      expect(Math.abs((other?.confidence ?? 0) - confidence)).toBeLessThan(TOLERANCE);
    }
  });
});

describe('[S7] the component on arm64', () => {
  test('measures both variants and serves one; refuses a release that it computes otherwise; keeps results while offline; comes back after a kill', async () => {
    const device = await newDevice('linux-arm64');
    expect(await offer(device, release(3, VARIANTS))).toEqual(accepted);
    const [first, ...others] = await frames();
    await inspect(device, new Map([first as [string, Buffer]]));

    const wrong = release(4, VARIANTS, (made) => ({
      ...made,
      goldenSamples: made.goldenSamples.map((sample) => ({
        ...sample,
        probabilities: { fp32: [0.2, 0.2, 0.6], int8: [0.2, 0.2, 0.6] },
      })) as unknown as Release['goldenSamples'],
    }));
    expect(await offer(device, wrong)).toMatchObject({
      verdict: 'refused',
      code: 'GOLDEN_SAMPLE_MISMATCH',
    });

    device.online = false;
    await inspect(device, new Map(others.slice(0, 5)));
    // An answer is known on the device a moment before it is on its disk.
    const kept = () => device.records().size + recordsOnDisk(device.stateOf());
    await until('every answer on disk', device, () => kept() >= 6);
    expect(await device.endProcess('SIGKILL')).toBe('SIGKILL');
    device.online = true;
    await device.startProcess();
    await inspect(device, new Map(others.slice(5, 7)));
    await until('every record', device, () => device.records().size >= 8);
    const records = [...device.records().values()];
    expect(new Set(records.map(({ frameId }) => frameId)).size).toBe(8);
    expect(records.map(({ status }) => status)).not.toContain('invalid');
    expect(new Set(records.map(({ releaseId }) => releaseId))).toEqual(new Set([`${USE_CASE}-3`]));
    expect(await device.endProcess('SIGTERM')).toBe(0);
  });
});
