/** The larger network in the cloud, by the component's own code, with graphs of every kind. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Release, SecondOpinion, SecondOpinionAnswer } from '../../../../contracts';
import type { Classified } from '../../../../contracts/second-opinion';
import { parseAnswer, readAnswer } from '../../../../edge-components/inference/src/opinions/read-answer';
import type { Asked } from '../../ask-frame-classifier';
import {
  describeFiles,
  describeRelease,
  expectedProbabilities,
  HEIGHT,
  makeModels,
  plainImage,
  temporaryFolder,
  USE_CASE,
  WIDTH,
} from '../../release-fixture';

const models = temporaryFolder();
const LEVELS = [220, 0, 40, 120, 128, 200, 255];

interface Answer {
  /** Why it is not loaded. */
  readonly onDevice?: string;
  readonly inCloud?: string;
  readonly said: readonly Classified[];
}

/** A release whose larger network this file is. */
function releaseOf(name: string): Release {
  const [model] = describeFiles(models, [name]);
  if (!model) throw new Error(`no ${name}`);
  return describeRelease({
    counter: 1,
    classes: ['bright', 'dark'],
    input: { name: 'image', height: HEIGHT, width: WIDTH, outputName: 'probabilities', resize: 'stretch' },
    files: [],
    variants: [],
    goldenSamples: [],
    dispositionPolicy: {
      codes: { bright: 1, dark: 2 },
      classes: { bright: 'pass', dark: 'reject' },
      novel: 'review',
    },
    secondOpinion: { model, thresholds: { bright: 0.6, dark: 0.6 }, mayPass: true },
  });
}

const GRAPHS = [
  'newer.onnx',
  'gain-4.onnx',
  'nan.onnx',
  'three-classes.onnx',
  'other-input.onnx',
  'hostile/if.onnx',
  'hostile/external-absolute.onnx',
  'hostile/external-below.onnx',
] as const;
const answers = new Map<string, Answer>();
let otherBytes: Answer;

/** One process for all of it. */
beforeAll(async () => {
  makeModels(models);
  const pictures = await Promise.all(LEVELS.map((level) => plainImage(level, 'jpeg')));
  const [whole = Buffer.of()] = pictures;
  const images = [...pictures, Buffer.from('no image'), whole.subarray(0, whole.length / 2)].map((image) =>
    image.toString('base64'),
  );
  const asked: Asked[] = GRAPHS.map((name) => ({
    path: join(models, name),
    release: releaseOf(name),
    images,
  }));
  asked.push({ path: join(models, 'gain-5.onnx'), release: releaseOf('gain-4.onnx'), images });
  const request = join(models, 'request.json');
  writeFileSync(request, JSON.stringify(asked));
  const program = join(__dirname, '..', '..', 'ask-frame-classifier.ts');
  const text = execFileSync(process.execPath, ['--import', 'tsx', program, request], { encoding: 'utf8' });
  const all = JSON.parse(text) as Answer[];
  for (const [index, name] of GRAPHS.entries()) answers.set(name, all[index] as Answer);
  otherBytes = all.at(-1) as Answer;
});

afterAll(() => rmSync(models, { recursive: true, force: true }));

const answerOf = (name: (typeof GRAPHS)[number]): Answer => answers.get(name) as Answer;

test('[S10] a network of a generation that no device can run answers in the cloud', () => {
  const { onDevice, inCloud, said } = answerOf('newer.onnx');
  expect(onDevice).toContain("operator 'Mean' is not allowed");
  expect(inCloud).toBeUndefined();
  const [first] = said;
  const [bright = 0] = expectedProbabilities(7, 220);
  expect(first).toMatchObject({ status: 'ok', predictedClass: 'bright', disposition: 'pass' });
  expect((first as SecondOpinion | undefined)?.probabilities[0]).toBeCloseTo(bright, 4);
  // Control flow, which a device refuses as well.
  expect(answerOf('hostile/if.onnx').onDevice).toContain('not allowed');
  expect(answerOf('hostile/if.onnx').inCloud).toBeUndefined();
});

test('[S10] a device comes to the same by the same probabilities', () => {
  const release = releaseOf('newer.onnx');
  LEVELS.forEach((_, index) => {
    const said = answerOf('newer.onnx').said[index];
    if (!said || 'problem' in said) throw new Error(said?.problem);
    const { inferenceMilliseconds, ...decided } = said;
    const answer: SecondOpinionAnswer = {
      schemaVersion: 1,
      questionId: 'boot-1',
      deviceId: 'line-1',
      useCase: USE_CASE,
      releaseId: release.releaseId,
      opinion: {
        modelSha256: release.secondOpinion?.model.sha256 ?? '',
        ...decided,
        milliseconds: { total: 1, inference: inferenceMilliseconds },
      },
    };
    const sent = parseAnswer(Buffer.from(JSON.stringify(answer)), { deviceId: 'line-1', useCase: USE_CASE });
    expect(readAnswer(sent, release)).toMatchObject({ decision: { predictedClass: said.predictedClass } });
  });
});

test.each([
  ['a file outside of it', 'hostile/external-absolute.onnx', 'its data must be in the file'],
  ['another file below it', 'hostile/external-below.onnx', 'its data must be in the file'],
  ['other classes', 'three-classes.onnx', "output 'probabilities'"],
  ['another input', 'other-input.onnx', "input 'image'"],
] as const)('[S10] a graph with %s is not loaded in the cloud either', (_, name, problem) => {
  expect(answerOf(name).inCloud).toContain(problem);
  expect(answerOf(name).said).toEqual([]);
});

test('[S10] bytes that are not those of the signed digest are not loaded', () => {
  expect(otherBytes.inCloud).toContain('declared digest');
});

test('[S10] what is no image, or half of one, is unreadable; what is no distribution has failed', () => {
  const { said } = answerOf('gain-4.onnx');
  expect(said.slice(-2)).toMatchObject([{ kind: 'unreadable' }, { kind: 'unreadable' }]);
  expect(answerOf('nan.onnx').said[0]).toMatchObject({ kind: 'failed' });
});
