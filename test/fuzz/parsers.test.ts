/**
 * Whatever comes in, a parser takes it or refuses it with its own error: nothing else is thrown, and how a stream was cut
 * changes nothing. `npm test` tries the same few hundred inputs each time, `npm run fuzz` others, and many more.
 */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { labelByCoco, parseCoco } from '../../cli/dataset/read-coco';
import { parseCsv } from '../../cli/dataset/read-csv';
import { parseManifest } from '../../cli/dataset/read-manifest';
import { decodeText } from '../../cli/shared/decode-text';
import { ContractError, parseContractJson } from '../../contracts';
import { verifySignature } from '../../contracts/dsse';
import strayBytes from '../../contracts/examples/jpeg-stray-bytes.json';
import { withoutStrayBytes } from '../../contracts/jpeg-stray-bytes';
import { mendHead } from '../../edge-components/inference/src/cameras/sources/answer-head';
import {
  FrameParser,
  FrameProtocolError,
} from '../../edge-components/inference/src/cameras/sources/frame-message';
import { chooseChallenge } from '../../edge-components/inference/src/cameras/sources/http-authorization';
import {
  JpegSplitter,
  JpegStreamError,
} from '../../edge-components/inference/src/cameras/sources/jpeg-splitter';
import {
  MultipartError,
  MultipartParser,
} from '../../edge-components/inference/src/cameras/sources/multipart-parser';
import { boundaryOf } from '../../edge-components/inference/src/cameras/sources/part-boundary';
import { jpegProblem } from '../../edge-components/inference/src/models/jpeg-markers';
import { graphProblems } from '../../edge-components/inference/src/models/onnx/graph-policy';
import { readOnnxModel } from '../../edge-components/inference/src/models/onnx/onnx-graph';
import { MessageError } from '../../edge-components/inference/src/models/onnx/protobuf-message';
import { parseAnswer } from '../../edge-components/inference/src/opinions/read-answer';
import { encodeRecord, isRecord, salvage } from '../../edge-components/inference/src/results/outbox-records';
import { useCaseConfiguration } from '../edge-components/device-harness';
import { nearTo, pieces } from './mutations';

const RUNS = Number(process.env.FUZZ_RUNS ?? 200);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
/** Only ends a run of `npm run fuzz` that hangs. */
const TIMEOUT = 30_000 + RUNS * 10;
const CORPUS = join(__dirname, 'corpus');
const FOUND = join(__dirname, '..', '..', 'out', 'fuzz');

interface Target {
  /** Good inputs; those that broke it once lie in corpus/<name>. */
  readonly good: readonly Buffer[];
  /** What it may throw. */
  readonly refusals: readonly (new (
    ...args: never[]
  ) => Error)[];
  /** @param cuts lengths of the pieces in which a stream comes @returns what it made of the input */
  parse(input: Buffer, cuts: readonly number[]): unknown;
}

const text = (...lines: string[]): Buffer => Buffer.from(lines.join('\n'));
const message = (write: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};
const nested = (writer: BinaryWriter, field: number, content: Uint8Array): BinaryWriter =>
  writer.tag(field, WireType.LengthDelimited).bytes(content);

/** Model, graph, node, input and initializer, by the numbers of onnx.proto. */
function model(): Buffer {
  const node = message((w) => w.tag(1, 2).string('x').tag(2, 2).string('y').tag(4, 2).string('Relu'));
  const tensor = message((w) =>
    w.tag(1, 0).int64(2).tag(2, 0).int32(1).tag(8, 2).string('w').tag(9, 2).bytes(Buffer.alloc(8)),
  );
  const value = message((w) => w.tag(1, 2).string('x'));
  const graph = message((w) =>
    nested(nested(nested(w.tag(2, 2).string('g'), 1, node), 5, tensor), 11, value),
  );
  const operators = message((w) => w.tag(2, 0).int64(17));
  return Buffer.from(message((w) => nested(nested(w.tag(1, 0).int64(9), 8, operators), 7, graph)));
}

const JPEG = Buffer.from(
  'ffd8ffe000104a46494600010100000100010000ffda000801010000003f00d2cfff00ff20ffd9',
  'hex',
);
const part = (headers: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`--frame\r\n${headers}\r\n\r\n`), body, Buffer.from('\r\n')]);

function frame(header: object, image: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, image]);
}

/** Everything that a stream parser gives out, and the error that ended it. */
function drain<Item>(
  chunks: readonly Buffer[],
  push: (chunk: Buffer) => Iterable<Item>,
  shown: (item: Item) => unknown,
  refusal: new (...args: never[]) => Error,
): unknown[] {
  const given: unknown[] = [];
  try {
    for (const chunk of chunks) for (const item of push(chunk)) given.push(shown(item));
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
    given.push(error.name);
  }
  return given;
}

const MOST = 4_096;
const CAPTURED = '2026-02-01T00:00:00.000Z';
const ITEM = {
  id: 'a',
  groupId: 'a',
  key: 'a.jpg',
  sha256: '0'.repeat(64),
  label: 'good',
  origin: 'imported',
  capturedAt: CAPTURED,
};
const files = { read: async () => Buffer.alloc(0) };

const TARGETS: Readonly<Record<string, Target>> = {
  onnx: { good: [model()], refusals: [MessageError], parse: (input) => graphProblems(readOnnxModel(input)) },
  multipart: {
    good: [
      Buffer.concat([
        part('Content-Type: image/jpeg', JPEG),
        part(`Content-Length: ${JPEG.length}`, JPEG),
        text('--frame--\r\n'),
      ]),
    ],
    refusals: [],
    parse(input, cuts) {
      const parser = new MultipartParser('frame', () => MOST);
      const push = (chunk: Buffer) => parser.push(chunk, 0);
      return drain(
        pieces(input, cuts),
        push,
        ({ bytes, tooLarge }) => [bytes.toString('hex'), tooLarge],
        MultipartError,
      );
    },
  },
  jpeg: {
    good: [Buffer.concat([JPEG, JPEG]), Buffer.concat([text('frame= 1'), JPEG])],
    refusals: [],
    parse(input, cuts) {
      const splitter = new JpegSplitter(() => MOST);
      const push = (chunk: Buffer) => splitter.push(chunk, 0);
      return drain(
        pieces(input, cuts),
        push,
        ({ bytes, tooLarge }) => [bytes.toString('hex'), tooLarge],
        JpegStreamError,
      );
    },
  },
  'camera frames': {
    good: [frame({ frameId: 'f-1', capturedAt: CAPTURED, bytes: JPEG.length }, JPEG)],
    refusals: [],
    parse(input, cuts) {
      const parser = new FrameParser(() => MOST);
      const push = (chunk: Buffer) => parser.push(chunk);
      return drain(
        pieces(input, cuts),
        push,
        ({ header, image }) => [header, image.toString('hex')],
        FrameProtocolError,
      );
    },
  },
  boundary: {
    good: [text('multipart/x-mixed-replace; boundary="frame"')],
    refusals: [],
    parse: (input) => boundaryOf(input.toString('latin1')),
  },
  'stray bytes': {
    good: [Buffer.from(strayBytes.stray, 'base64'), Buffer.from(strayBytes.clean, 'base64')],
    refusals: [],
    parse: (input) => withoutStrayBytes(input)?.length ?? 'nothing to take out',
  },
  'cost of a jpeg': {
    good: [Buffer.from(strayBytes.clean, 'base64')],
    refusals: [],
    parse: (input) => jpegProblem(input, MOST) ?? 'no problem',
  },
  'answer head': {
    good: [text('HTTP/1.1 200 OK', 'Server : cam', 'Content-Length: 5', 'Content-Length: 5')],
    refusals: [],
    parse: (input) => mendHead(input.toString('latin1')),
  },
  challenge: {
    good: [text('Digest realm="cam", qop="auth", nonce="0a", algorithm=SHA-256'), text('Basic realm="cam"')],
    refusals: [],
    parse: (input) => chooseChallenge([input.toString('latin1')]),
  },
  table: {
    good: [text('path,label,groupId', 'a.jpg,good,1', '"b ""2"".jpg",scratch,2')],
    refusals: [],
    parse: (input) => parseCsv(input.toString('utf8'), [], files).problems,
  },
  'a table of any encoding': {
    good: [Buffer.from('\ufeffpath;label\r\nä.jpg;good\r\n', 'utf16le'), text('path\tlabel', 'a.jpg\tgood')],
    refusals: [],
    parse: (input) => parseCsv(decodeText(input).text, [], files).problems,
  },
  annotations: {
    good: [
      text(
        JSON.stringify({
          images: [{ id: 1, file_name: 'a.jpg' }],
          annotations: [{ image_id: 1, category_id: 2 }],
          categories: [{ id: 2, name: 'scratch' }],
        }),
      ),
    ],
    refusals: [],
    parse(input) {
      const coco = parseCoco(input.toString('utf8'));
      return typeof coco === 'string' ? coco : labelByCoco('coco.json', coco, ['images/a.jpg']);
    },
  },
  manifest: {
    good: [text(JSON.stringify(ITEM), JSON.stringify({ ...ITEM, id: 'b' }))],
    refusals: [],
    parse: (input) => parseManifest(input.toString('utf8'), files).problems,
  },
  release: {
    good: [
      text(
        JSON.stringify({
          payloadType: 'application/vnd.kaizenedge.release+json',
          payload: 'e30=',
          signatures: [{ keyid: '0'.repeat(64), sig: 'MAA=' }],
        }),
      ),
    ],
    refusals: [ContractError],
    parse(input) {
      const { payloadType, payload, signatures } = parseContractJson(
        'signed-release',
        input.toString('utf8'),
        'release',
      );
      const bytes = Buffer.from(payload, 'base64');
      return signatures.map(({ sig }) =>
        verifySignature(payloadType, bytes, Buffer.from(sig, 'base64'), 'no key'),
      );
    },
  },
  configuration: {
    good: [
      text(
        JSON.stringify({
          useCases: { welds: useCaseConfiguration('/run', 'welds', 'com.kaizenedge.model.welds') },
          captureBucket: 'captures',
        }),
      ),
    ],
    refusals: [ContractError],
    parse: (input) => parseContractJson('component-configuration', input.toString('utf8'), 'configuration'),
  },
  'second-opinion': {
    good: [
      text(
        JSON.stringify({
          schemaVersion: 1,
          questionId: 'boot-1',
          deviceId: 'line-1',
          useCase: 'welds',
          releaseId: 'welds-1',
          refusal: { reason: 'over-budget', pauseSeconds: 60 },
        }),
      ),
    ],
    refusals: [ContractError],
    parse: (input) => parseAnswer(input, { deviceId: 'line-1', useCase: 'welds' }).refusal,
  },
  outbox: {
    good: [text(...[0, 1, 2].map((index) => encodeRecord(`{"n":${index}}`, index).trimEnd()), '')],
    refusals: [],
    parse(input) {
      const { records, lost } = salvage(input);
      expect(records.every(isRecord)).toBe(true);
      expect(lost).toBeGreaterThanOrEqual(0);
      return { records, lost };
    },
  },
};

/** Inputs that broke it once. */
function known(name: string): Buffer[] {
  const folder = join(CORPUS, name);
  return existsSync(folder) ? readdirSync(folder).map((file) => readFileSync(join(folder, file))) : [];
}

function attempt({ refusals, parse }: Target, input: Buffer, cuts: readonly number[]): unknown {
  try {
    return parse(input, cuts);
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) return 'refused';
    throw error;
  }
}

/** Keeps an input that breaks a parser, to be moved to the corpus with the repair. */
function keep(name: string, input: Buffer): void {
  mkdirSync(join(FOUND, name), { recursive: true });
  writeFileSync(join(FOUND, name, createHash('sha256').update(input).digest('hex').slice(0, 16)), input);
}

test.each(Object.entries(TARGETS))(
  '%s: anything is taken or refused, however it is cut',
  (name, target) => {
    const corpus = [...target.good, ...known(name)];
    const cuts = fc.array(fc.integer({ min: 1, max: 32 }), { minLength: 1, maxLength: 4 });
    const outcome = fc.check(
      fc.property(nearTo(corpus), cuts, (input, lengths) => {
        const whole = attempt(target, input, [Math.max(1, input.length)]);
        expect(attempt(target, input, lengths)).toEqual(whole);
      }),
      { numRuns: RUNS, seed: SEED, examples: corpus.map((input): [Buffer, number[]] => [input, [1]]) },
    );
    if (!outcome.failed) return;
    if (outcome.counterexample) keep(name, outcome.counterexample[0]);
    throw new Error(fc.defaultReportMessage(outcome), { cause: outcome.errorInstance });
  },
  TIMEOUT,
);

test.each(Object.entries(TARGETS))('%s: what is good is taken', (_, target) => {
  for (const input of target.good) {
    expect(attempt(target, input, [input.length])).not.toBe('refused');
    expect(JSON.stringify(attempt(target, input, [input.length]))).not.toMatch(/Error"/);
  }
});
