/** Hostile model files and graphs against the real ONNX Runtime, in the hosts of the component. */
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { decide } from '../../edge-components/inference/src/models/decision';
import { ProcessModelHost } from '../../edge-components/inference/src/models/model-hosts';
import type {
  DecodedImage,
  LoadedModel,
  ModelSpecification,
} from '../../edge-components/inference/src/ports';
import { goldenSampleProblem } from '../../edge-components/inference/src/releases/golden-samples';
import { sha256Of } from '../../edge-components/inference/src/releases/release-verification';
import { REPOSITORY_ROOT } from '../../scripts/repository';
import {
  expectedProbabilities,
  HEIGHT,
  makeModels,
  temporaryFolder,
  WIDTH,
} from '../edge-components/release-fixture';

jest.setTimeout(120_000);

const root = temporaryFolder();
const models = join(root, 'models');
const program = join(root, 'inference-host.cjs');
const host = new ProcessModelHost({ program });
/** Node.js and ONNX Runtime take about 90 MB. */
const MEMORY = 384 * 2 ** 20;

beforeAll(async () => {
  makeModels(models);
  symlinkSync(join(REPOSITORY_ROOT, 'node_modules'), join(root, 'node_modules'));
  await build({
    entryPoints: [
      join(REPOSITORY_ROOT, 'edge-components', 'inference', 'src', 'models', 'inference-host.ts'),
    ],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['onnxruntime-node'],
    logLevel: 'silent',
  });
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function specification(name: string): ModelSpecification {
  const path = join(models, `${name}.onnx`);
  return {
    path,
    sha256: sha256Of(readFileSync(path)),
    input: { name: 'image', height: HEIGHT, width: WIDTH, outputName: 'probabilities' },
    classes: 2,
  };
}

const plain = (level: number, height = HEIGHT): DecodedImage => ({
  height,
  width: WIDTH,
  pixels: new Uint8Array(height * WIDTH * 3).fill(level),
});

async function expectHonest(model: LoadedModel, gain = 4): Promise<void> {
  const { probabilities } = await model.run(plain(200));
  expect(probabilities[0]).toBeCloseTo(expectedProbabilities(gain, 200)[0] as number, 5);
}

test('empty, random and truncated files are refused before ONNX Runtime sees them [case 17]', async () => {
  const whole = readFileSync(join(models, 'gain-4.onnx'));
  const files: [string, Uint8Array][] = [
    ['empty', new Uint8Array()],
    ['random', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 2654435761) >>> 24))],
    ['truncated', whole.subarray(0, whole.length / 2)],
  ];
  for (const [name, bytes] of files) writeFileSync(join(models, `${name}.onnx`), bytes);
  for (const [name] of files) {
    await expect(host.load(specification(name))).rejects.toMatchObject({
      kind: 'load',
      message: expect.stringMatching(/^no ONNX graph: /),
    });
  }
});

test.each([
  ['external-above', 'data must be in the file, not outside of it [case 18]'],
  ['external-absolute', 'data must be in the file, not outside of it [case 18]'],
  ['external-below', 'data must be in the file, not outside of it [case 18]'],
  ['endless', "operator 'Loop' is not allowed [case 19]"],
  ['if', "operator 'If' is not allowed"],
  ['large-constant', 'ConstantOfShape makes 1099511627776 elements [case 20]'],
  ['large-claim', 'has 4611686018427388000 elements [case 20]'],
  ['sparse', 'sparse tensors are not allowed [case 20]'],
  ['unknown-domain', "operator 'com.example.Magic' is not allowed [case 21]"],
  ['newer-opset', 'opset of ai.onnx: must be between 11 and 21, got 99 [case 21]'],
  ['function', 'functions are not allowed'],
  ['nested', 'graphs lie inside of each other more than 8 deep'],
])('a graph is refused before it is loaded: %s, %s', async (name, problem) => {
  await expect(host.load(specification(`hostile/${name}`))).rejects.toMatchObject({
    name: 'ModelError',
    kind: 'graph',
    message: expect.stringContaining(problem.replace(/ \[case \d+\]/, '')),
  });
});

test('a graph whose endlessness nothing in the file shows is killed by the watchdog, and nothing else is [case 19]', async () => {
  let watchdogMilliseconds = 60_000;
  const host = new ProcessModelHost({ program, watchdogMilliseconds: () => watchdogMilliseconds });
  const honest = await host.load(specification('gain-4'));
  const slow = await host.load(specification('hostile/slow'));
  // Of the run that never ends only: what is honest may take what this machine needs.
  watchdogMilliseconds = 3_000;
  await expect(slow.run(plain(200))).rejects.toMatchObject({
    kind: 'gone',
    message: "inference process gave no answer to 'run' within 3000 ms",
    isOwnDoing: true,
  });
  watchdogMilliseconds = 60_000;
  await slow.close();
  await expectHonest(honest);
  await honest.close();
});

test('a graph whose size only the image decides is killed by the memory cap, and nothing else is [case 20]', async () => {
  const host = new ProcessModelHost({ program, memoryBytes: () => MEMORY });
  const honest = await host.load(specification('gain-4'));
  const large = await host.load(specification('hostile/large-by-image'));
  // 8 MiB for a black image: nothing to see in a self-test with dark samples. 2 GiB for a white one.
  await expect(large.run(plain(0))).resolves.toMatchObject({
    probabilities: [expect.any(Number), expect.any(Number)],
  });
  const reason = await large.run(plain(255)).catch((error: Error) => error as Error);
  expect(reason).toMatchObject({ name: 'ModelError', kind: 'gone', isOwnDoing: true });
  const [, used] = /^inference process used (\d+) bytes of memory, at most 402653184 are allowed$/.exec(
    (reason as Error).message,
  ) as RegExpExecArray;
  console.log(`killed at ${used} bytes, ${Number(used) - MEMORY} above its cap`);
  await expect(large.run(plain(0))).rejects.toMatchObject({ kind: 'gone' });
  await large.close();
  await expectHonest(honest);
  await honest.close();
});

test('inputs and outputs must be what the release says [case 22] [case 23]', async () => {
  await expect(host.load(specification('other-input'))).rejects.toMatchObject({
    kind: 'contract',
    message: "input 'image': must be uint8 [16, 24, 3], is uint8 [8, 8, 3]",
  });
  await expect(host.load(specification('three-classes'))).rejects.toMatchObject({
    kind: 'contract',
    message: "output 'probabilities': must be float32 [2], is float32 [3]",
  });
  await expect(host.load({ ...specification('gain-4'), sha256: 'a'.repeat(64) })).rejects.toMatchObject({
    kind: 'load',
    message: 'the file does not have its declared digest',
  });
  const model = await host.load(specification('gain-5'));
  await expect(model.run(plain(200, HEIGHT + 1))).rejects.toMatchObject({ kind: 'run' });
  await expectHonest(model, 5);
  await model.close();
});

test('NaN and rows that are no distribution come through as they are, and are never a good part [case 22] [case 23]', async () => {
  const release = { classes: ['bright', 'dark'], thresholds: { bright: 0.6, dark: 0.6 } };
  const sample = { file: 'golden-0.png', probabilities: { fp32: expectedProbabilities(4, 200) } };
  for (const [name, reason] of [
    ['nan', 'output 1 is NaN, not a probability'],
    ['not-a-distribution', 'not a probability'],
  ] as const) {
    const model = await new ProcessModelHost({ program }).load(specification(name));
    const { probabilities } = await model.run(plain(200));
    await model.close();
    expect(decide(probabilities, release)).toEqual({
      status: 'invalid',
      reason: expect.stringContaining(reason),
    });
    expect(goldenSampleProblem(sample, 'fp32', { probabilities }, {})).toMatchObject({
      code: 'OUTPUT_CONTRACT',
    });
  }
});

test("the graph that was checked is the one that runs: a marker of ONNX Runtime's own format is ignored", async () => {
  expect(readFileSync(join(models, 'marked-as-ort.onnx')).toString('latin1', 4, 8)).toBe('ORTM');
  const model = await new ProcessModelHost({ program }).load(specification('marked-as-ort'));
  await expectHonest(model);
  await model.close();
});
