import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { graphProblems } from '../../../../../edge-components/inference/src/models/onnx/graph-policy';
import {
  type OnnxModel,
  readOnnxModel,
} from '../../../../../edge-components/inference/src/models/onnx/onnx-graph';
import { MessageError } from '../../../../../edge-components/inference/src/models/onnx/protobuf-message';
import { makeModels, temporaryFolder } from '../../../release-fixture';

const models = temporaryFolder();
/** Every graph of make_models.py, by its path. */
const files = new Map<string, Uint8Array>();

beforeAll(() => {
  makeModels(models);
  for (const name of readdirSync(models, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.onnx')) files.set(name, readFileSync(join(models, name)));
  }
});

afterAll(() => rmSync(models, { recursive: true, force: true }));

const real = (name: string): Uint8Array => files.get(name) as Uint8Array;

/** Fields written one after another. */
function message(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

const nest = (number: number, content: Uint8Array): Uint8Array =>
  message((writer) => writer.tag(number, WireType.LengthDelimited).bytes(content));

/** A file whose graph has one initializer. */
const withInitializer = (tensor: Uint8Array): Uint8Array => nest(7, nest(5, tensor));

/** What the reader says, or that it took the file. Anything but its own error fails the test. */
function outcome(bytes: Uint8Array): OnnxModel | MessageError {
  try {
    return readOnnxModel(bytes);
  } catch (error) {
    if (error instanceof MessageError) return error;
    throw error;
  }
}

test('a graph is summed up: nodes, constants, inputs and outputs', () => {
  const { irVersion, operatorSets, functions, graph } = readOnnxModel(real('gain-4.onnx'));
  expect({ irVersion, operatorSets, functions }).toEqual({
    irVersion: 9,
    operatorSets: [{ domain: '', version: 17 }],
    functions: [],
  });
  expect(graph.nodes.map(({ operator, inputs, outputs }) => [operator, inputs, outputs])).toEqual([
    ['Cast', ['image'], ['pixels']],
    ['ReduceMean', ['pixels'], ['mean']],
    ['Sub', ['mean', 'middle'], ['offset']],
    ['Mul', ['offset', 'gains'], ['scores']],
    ['Softmax', ['scores'], ['probabilities']],
  ]);
  expect(graph.nodes[1]?.attributes).toMatchObject([{ name: 'keepdims', integers: [0] }]);
  expect(graph.initializers).toEqual([
    { name: 'middle', elementType: 'float32', elementBytes: 4, dims: [], elements: 1, values: [127.5] },
    {
      name: 'gains',
      elementType: 'float32',
      elementBytes: 4,
      dims: [2],
      elements: 2,
      values: [Math.fround(4 / 255), Math.fround(-4 / 255)],
    },
  ]);
  expect(graph.inputs).toEqual([{ name: 'image', elementType: 'uint8', shape: [16, 24, 3] }]);
  expect(graph.outputs).toEqual([{ name: 'probabilities', elementType: 'float32', shape: [2] }]);
});

test('graphs inside of attributes and functions are seen', () => {
  const [loop] = readOnnxModel(real('hostile/endless.onnx')).graph.nodes.filter(
    ({ name }) => name === 'loop',
  );
  expect(loop?.attributes[0]?.graphs[0]?.nodes.map(({ operator }) => operator)).toEqual([
    'Identity',
    'Identity',
  ]);
  expect(readOnnxModel(real('hostile/function.onnx')).functions).toEqual(['com.example.Twice']);
});

test.each<[string, (writer: BinaryWriter) => void]>([
  ['packed', (writer) => writer.tag(7, WireType.LengthDelimited).bytes(Uint8Array.of(3, 0x80, 1))],
  ['one by one', (writer) => writer.tag(7, WireType.Varint).int64(3).tag(7, WireType.Varint).int64(128)],
  [
    'raw',
    (writer) =>
      writer.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(BigInt64Array.of(3n, 128n).buffer)),
  ],
])('numbers are read the same however they are written: %s', (_, data) => {
  const tensor = message((writer) => {
    writer.tag(1, WireType.Varint).int64(2).tag(2, WireType.Varint).int32(7);
    data(writer);
  });
  expect(readOnnxModel(withInitializer(tensor)).graph.initializers).toMatchObject([
    { elementType: 'int64', dims: [2], elements: 2, values: [3, 128] },
  ]);
});

/** What protobuf's lenient readers merge, ignore or truncate, so that ONNX Runtime would see another graph than this one. */
test.each<[string, () => Uint8Array, RegExp]>([
  ['nothing at all [case 17]', () => new Uint8Array(), /has no graph/],
  ['text [case 17]', () => Buffer.from('not a graph at all'), /ModelProto: .* before byte \d+ of 18/],
  [
    'a second graph',
    () => Buffer.concat([real('gain-4.onnx'), nest(7, new Uint8Array())]),
    /graph occurs twice/,
  ],
  [
    'a field of another wire type',
    () => message((writer) => writer.tag(7, WireType.Varint).int32(1)),
    /graph has wire type 0/,
  ],
  ['a field that ONNX does not have', () => nest(99, new Uint8Array()), /unknown field 99/],
  [
    'a group',
    () => message((writer) => writer.tag(7, WireType.StartGroup).tag(7, WireType.EndGroup)),
    /wire type 3/,
  ],
  [
    'a claim of 2 GiB',
    () => message((writer) => writer.tag(7, WireType.LengthDelimited).uint32(2 ** 31)),
    /premature EOF/,
  ],
  ['an endless number', () => Buffer.concat([Buffer.of(8), Buffer.alloc(20, 0xff)]), /invalid varint/],
  [
    'a place of data beyond 32 bits',
    () => withInitializer(message((writer) => writer.tag(14, WireType.Varint).uint64(2n ** 32n + 1n))),
    /4294967297 has more than 32 bits/,
  ],
  [
    'a packed list that breaks off',
    () => withInitializer(nest(7, Uint8Array.of(3, 0x80))),
    /list breaks off/,
  ],
  ['floats that break off', () => withInitializer(nest(4, Uint8Array.of(0, 0, 0))), /list breaks off/],
  ['a name that is not text', () => withInitializer(nest(8, Uint8Array.of(0xff))), /not UTF-8: 0xff/],
  [
    'a name without end',
    () => withInitializer(nest(8, Buffer.alloc(5000, 0x61))),
    /a name has 5000 bytes, at most 1024/,
  ],
  [
    'a value of two types',
    () => nest(7, nest(11, nest(2, Buffer.concat([nest(1, new Uint8Array()), nest(4, new Uint8Array())])))),
    /a tensor_type and a sequence_type/,
  ],
  ['1000 graphs inside of each other', () => real('hostile/nested.onnx'), /more than 8 deep/],
  [
    'more fields than any graph',
    () => nest(7, Buffer.alloc(2_000_000, Buffer.of(0x0a, 0))),
    /more than 250000 fields/,
  ],
])('refused: %s', (_, bytes, reason) => {
  expect(outcome(bytes())).toMatchObject({ name: 'MessageError', message: expect.stringMatching(reason) });
});

test('limits are told apart from what is no ONNX file', () => {
  expect(outcome(real('hostile/nested.onnx'))).toMatchObject({ rule: 'limit' });
  expect(outcome(Buffer.from('text'))).toMatchObject({ rule: 'format' });
});

/** Longer than any of the loops below need; a reader that hangs would never come back. */
const WITHIN = 60_000;

/** Buffers that a file makes the reader allocate; strings and objects are bounded by the budget of fields. */
function allocatedBy(action: () => void): number {
  const before = process.memoryUsage().arrayBuffers;
  action();
  return process.memoryUsage().arrayBuffers - before;
}

test(
  'random bytes are refused by its own error, and nothing is allocated for what they claim [case 17]',
  () => {
    const read = (): void =>
      fc.assert(
        // Wrapped into the fields of a path that begins with the graph, so that the noise also lies deep inside.
        fc.property(
          fc.uint8Array({ maxLength: 300 }),
          fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 5 }),
          (noise, path) => {
            outcome(noise);
            outcome(
              nest(
                7,
                path.reduceRight<Uint8Array>((content, number) => nest(number, content), noise),
              ),
            );
          },
        ),
        { numRuns: 5_000 },
      );
    expect(allocatedBy(read)).toBeLessThan(64 * 2 ** 20);
  },
  WITHIN,
);

test(
  'every truncation of every graph is read or refused by its own error [case 17]',
  () => {
    let refused = 0;
    for (const bytes of files.values()) {
      // Of the longer ones a sample: they repeat themselves.
      const step = Math.ceil(bytes.length / 600);
      for (let length = 0; length < bytes.length; length += step) {
        if (outcome(bytes.subarray(0, length)) instanceof MessageError) refused++;
      }
    }
    expect(refused).toBeGreaterThan(1_000);
  },
  WITHIN,
);

test(
  'every graph with one byte changed is read and checked, or refused by its own error',
  () => {
    const names = [...files.keys()];
    fc.assert(
      fc.property(
        fc.nat(names.length - 1),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (index, position, change) => {
          const bytes = Uint8Array.from(real(names[index] as string));
          const at = position % bytes.length;
          bytes[at] = (bytes[at] as number) ^ change;
          const model = outcome(bytes);
          if (!(model instanceof MessageError)) expect(graphProblems(model)).toEqual(expect.any(Array));
        },
      ),
      { numRuns: 5_000 },
    );
  },
  WITHIN,
);
