import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  graphProblems,
  ONNX_POLICY,
  type OnnxPolicy,
  signatureOf,
  signatureProblems,
} from '../../../../../edge-components/inference/src/models/onnx/graph-policy';
import {
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  readOnnxModel,
} from '../../../../../edge-components/inference/src/models/onnx/onnx-graph';
import { virtualEnvironmentPython } from '../../../../../scripts/repository';
import { HEIGHT, makeModels, temporaryFolder, WIDTH } from '../../../release-fixture';

const models = temporaryFolder();
let honest: OnnxModel;

beforeAll(() => {
  makeModels(models);
  honest = real('gain-4.onnx');
});

afterAll(() => rmSync(models, { recursive: true, force: true }));

const real = (name: string): OnnxModel => readOnnxModel(readFileSync(join(models, name)));

/** The honest graph with more in it. */
const withParts = (parts: Partial<OnnxGraph>): OnnxModel => ({
  ...honest,
  graph: {
    ...honest.graph,
    nodes: [...honest.graph.nodes, ...(parts.nodes ?? [])],
    initializers: [...honest.graph.initializers, ...(parts.initializers ?? [])],
    sparseInitializers: parts.sparseInitializers ?? [],
    values: parts.values ?? [],
  },
});

const node = (operator: string, parts: Partial<OnnxNode> = {}): OnnxNode => ({
  name: 'extra',
  operator,
  domain: '',
  inputs: [],
  outputs: ['made'],
  attributes: [],
  ...parts,
});

const tensor = (parts: Partial<OnnxTensor>): OnnxTensor => ({
  name: 'weights',
  elementType: 'int64',
  elementBytes: 8,
  dims: [parts.values?.length ?? 1],
  elements: parts.values?.length ?? 1,
  external: undefined,
  values: undefined,
  ...parts,
});

const attribute = (name: string, parts: Partial<OnnxNode['attributes'][number]>) => ({
  name,
  integers: [],
  floats: [],
  tensors: [],
  graphs: [],
  sparseTensors: 0,
  ...parts,
});

/** A node whose inputs are constants of these values; undefined for one that is computed. */
function fed(operator: string, ...constants: (readonly number[] | undefined)[]): OnnxModel {
  const inputs = constants.map((values, index) => (values ? `constant-${index}` : 'pixels'));
  const initializers = constants.flatMap((values, index) =>
    values ? [tensor({ name: `constant-${index}`, values })] : [],
  );
  return withParts({ nodes: [node(operator, { inputs })], initializers });
}

test('the graphs of good releases, and those that only a self-test can refuse, may be loaded', () => {
  const names = readdirSync(models).filter((name) => name.endsWith('.onnx') && name !== 'newer.onnx');
  expect(names).toHaveLength(9);
  expect(names.map((name) => [name, graphProblems(real(name))])).toEqual(names.map((name) => [name, []]));
});

test('[S10] a graph of a newer generation may not be loaded: it is for the cloud', () => {
  expect(graphProblems(real('newer.onnx'))).toEqual(["node 'scores': operator 'Mean' is not allowed"]);
});

/** Shipped with the onnx package, with ConstantOfShape in place of weights, written in 2017 for opset 9. */
test.each(['squeezenet', 'shufflenet', 'resnet50', 'densenet121', 'inception_v1', 'inception_v2'])(
  'a usual architecture has nothing that is not allowed: %s',
  (name) => {
    const library = join(dirname(virtualEnvironmentPython()), '..', 'lib');
    const [version = ''] = readdirSync(library);
    const folder = join(library, version, 'site-packages', 'onnx', 'backend', 'test', 'data', 'light');
    const { graph } = readOnnxModel(readFileSync(join(folder, `light_${name}.onnx`)));
    expect(graph.nodes.length).toBeGreaterThan(60);
    expect(graphProblems({ ...honest, graph })).toEqual([]);
  },
);

test.each<[string, string[]]>([
  [
    'endless [case 19]',
    [
      "node 'loop': operator 'Loop' is not allowed",
      "node 'loop': attribute 'body' holds a graph; control flow is not allowed",
    ],
  ],
  [
    'if',
    [
      "node 'if': operator 'If' is not allowed",
      "node 'if': attribute 'else_branch' holds a graph; control flow is not allowed",
      "node 'if': attribute 'then_branch' holds a graph; control flow is not allowed",
    ],
  ],
  [
    'function',
    [
      "function 'com.example.Twice': functions are not allowed",
      "node 'extra': operator 'com.example.Twice' is not allowed",
    ],
  ],
  ['unknown-domain [case 21]', ["node 'extra': operator 'com.example.Magic' is not allowed"]],
  ['newer-opset [case 21]', ['opset of ai.onnx: must be between 11 and 21, got 99']],
  [
    'external-above [case 18]',
    ["tensor 'weights': its data must be in the file, not outside of it (location '../../etc/passwd')"],
  ],
  [
    'external-absolute [case 18]',
    ["tensor 'weights': its data must be in the file, not outside of it (location '/etc/passwd')"],
  ],
  [
    'external-below [case 18]',
    [
      "tensor 'weights': its data must be in the file, not outside of it (location 'sub/../../../etc/passwd')",
    ],
  ],
  [
    'large-constant [case 20]',
    ["node 'zeros': ConstantOfShape makes 1099511627776 elements, at most 67108864 are allowed"],
  ],
  [
    'large-claim [case 20]',
    [
      "tensor 'weights': float32 [2147483648, 2147483648] has 4611686018427388000 elements, at most 67108864 are allowed",
    ],
  ],
  ['sparse [case 20]', ["tensor 'weights': sparse tensors are not allowed"]],
  ['large-by-image', []],
  ['slow', []],
])('what a graph may not hold is refused, with everything that is wrong: %s', (name, problems) => {
  expect(graphProblems(real(`hostile/${name.split(' ')[0]}.onnx`))).toEqual(problems);
});

test.each<[string, Partial<OnnxModel>, string]>([
  ['an older file', { irVersion: 3 }, 'ir_version: must be between 4 and 10, got 3'],
  ['a newer file', { irVersion: 11 }, 'ir_version: must be between 4 and 10, got 11'],
  [
    'an older opset',
    { operatorSets: [{ domain: '', version: 10 }] },
    'opset of ai.onnx: must be between 11 and 21, got 10',
  ],
  [
    'no opset',
    { operatorSets: [{ domain: 'com.example', version: 1 }] },
    'opset of ai.onnx: must be declared once, got none',
  ],
  [
    'two opsets under both names',
    {
      operatorSets: [
        { domain: '', version: 17 },
        { domain: 'ai.onnx', version: 13 },
      ],
    },
    'opset of ai.onnx: must be declared once, got 17 and 13',
  ],
  ['training', { trainingGraphs: 1 }, 'training_info: must be empty, has 1 entries'],
  [
    'session options',
    { metadataKeys: ['ort_config'] },
    "metadata 'ort_config': a model must not set session options",
  ],
])('refused: %s', (_, change, problem) => {
  expect(graphProblems({ ...honest, ...change })).toEqual([problem]);
});

test.each<[string, () => OnnxModel, string]>([
  ['Expand', () => fed('Expand', undefined, [1024, 65_537]), 'Expand makes 67109888 elements'],
  ['Tile', () => fed('Tile', undefined, [1, 2 ** 27]), 'Tile makes 134217728 elements'],
  [
    'Resize to a size',
    () => fed('Resize', undefined, [], [], [1, 3, 10_000, 10_000]),
    'Resize makes 300000000 elements',
  ],
  [
    'Resize by a factor',
    () => fed('Resize', undefined, [], [1, 1, 1e5, 1e5]),
    'Resize makes 10000000000 elements',
  ],
  ['Pad', () => fed('Pad', undefined, [0, 0, 9_999, 9_999, 0, 0, 0, 0]), 'Pad makes 100000000 elements'],
  ['Range', () => fed('Range', [0], [2 ** 40], [1]), 'Range makes 1099511627776 elements'],
  ['Range without end', () => fed('Range', [0], [1], [0]), 'Range makes any number of elements'],
  ['Range of nothing', () => fed('Range', [0], [0], [0]), 'Range makes any number of elements'],
  [
    'a shape of too many axes',
    () =>
      withParts({
        nodes: [node('ConstantOfShape', { inputs: ['weights'] })],
        initializers: [tensor({ dims: [17], elements: 17 })],
      }),
    'ConstantOfShape makes any number of elements',
  ],
  [
    'a shape from a Constant node',
    () =>
      withParts({
        nodes: [
          node('Constant', {
            outputs: ['shape'],
            attributes: [attribute('value_ints', { integers: [2 ** 30] })],
          }),
          node('ConstantOfShape', { inputs: ['shape'] }),
        ],
      }),
    'ConstantOfShape makes 1073741824 elements',
  ],
])('a tensor that constants make too large is refused: %s [case 20]', (_, model, problem) => {
  expect(graphProblems(model())).toEqual([`node 'extra': ${problem}, at most 67108864 are allowed`]);
});

test('sizes that fit, or that only the image decides, are let through', () => {
  for (const model of [
    fed('Expand', undefined, [1, 3, 4096, 4096]),
    fed('Resize', undefined, [], [], [1, 3, 96, 96]),
    fed('Pad', undefined, [0, 0, -5, 1, 0, 0, -5, 1]),
    fed('Range', [0], [96], [2]),
    fed('Range', undefined, [96], [2]),
    fed('ConstantOfShape', undefined),
    // Large values are no sizes elsewhere: the end of a Slice is often the largest number there is.
    fed('Slice', undefined, [0], [2 ** 63], [1]),
  ]) {
    expect(graphProblems(model)).toEqual([]);
  }
});

test.each<[string, Partial<OnnxGraph>, string]>([
  [
    'a declared value',
    { values: [{ name: 'wide', elementType: 'float32', shape: ['n', 2 ** 14, 2 ** 14] }] },
    "value 'wide': [n, 16384, 16384] has 268435456 elements, at most 67108864 are allowed",
  ],
  [
    'less data than claimed',
    { initializers: [tensor({ dims: [1000, 1000], elements: 1 })] },
    "tensor 'weights': int64 [1000, 1000] needs 1000000 elements, the file holds 1",
  ],
  [
    'more data than claimed',
    { initializers: [tensor({ dims: [0], elements: 2.5 })] },
    "tensor 'weights': int64 [0] needs 0 elements, the file holds 2.5",
  ],
  [
    'a negative size',
    { initializers: [tensor({ dims: [-1, -1] })] },
    "tensor 'weights': int64 [-1, -1] has a negative size",
  ],
  [
    'texts',
    { initializers: [tensor({ elementType: 'type 8', elementBytes: undefined })] },
    "tensor 'weights': type 8 is not allowed",
  ],
  [
    'data outside, of an attribute',
    {
      nodes: [
        node('Constant', { attributes: [attribute('value', { tensors: [tensor({ external: '' })] })] }),
      ],
    },
    "tensor 'weights': its data must be in the file, not outside of it (nowhere)",
  ],
  [
    'a sparse attribute',
    { nodes: [node('Constant', { attributes: [attribute('sparse_value', { sparseTensors: 1 })] })] },
    "node 'extra': attribute 'sparse_value' holds a sparse tensor; these are not allowed",
  ],
  [
    'a window larger than any image',
    { nodes: [node('MaxPool', { attributes: [attribute('pads', { integers: [0, -5000] })] })] },
    "node 'extra': attribute 'pads' must have no value above 4096, has 5000",
  ],
  [
    'a constant of the same name as another',
    { initializers: [tensor({ name: 'gains' })] },
    "tensor 'gains': is made more than once",
  ],
  [
    'an operator of another domain with an allowed name',
    { nodes: [node('Conv', { domain: 'com.microsoft' })] },
    "node 'extra': operator 'com.microsoft.Conv' is not allowed",
  ],
  [
    'an operator without a name',
    { nodes: [node('', { name: '', outputs: [] })] },
    "node '': operator '' is not allowed",
  ],
  [
    'long names',
    { nodes: [node('x'.repeat(500), { name: 'y'.repeat(500) })] },
    `node '${'y'.repeat(64)}...': operator '${'x'.repeat(64)}...' is not allowed`,
  ],
])('refused: %s', (_, parts, problem) => {
  expect(graphProblems(withParts(parts))).toEqual([problem]);
});

test('many nodes of one refused operator are one sentence', () => {
  const nodes = Array.from({ length: 300 }, (_, index) => node('Loop', { name: `n${index}`, outputs: [] }));
  expect(graphProblems(withParts({ nodes }))).toEqual([
    "node 'n0' and 299 more: operator 'Loop' is not allowed",
  ]);
});

test('the sums are limited, too: nodes, and bytes of constants', () => {
  const rules: OnnxPolicy = { ...ONNX_POLICY, maximumNodes: 4, maximumInitializerBytes: 11 };
  expect(graphProblems(honest, rules)).toEqual([
    'nodes: at most 4 are allowed, got 5',
    'constants: at most 11 bytes are allowed, got 12',
  ]);
});

describe('inputs and outputs', () => {
  const specification = {
    input: { name: 'image', height: HEIGHT, width: WIDTH, outputName: 'probabilities' },
    classes: 2,
  };
  const problemsWith = (parts: Partial<OnnxGraph>): string[] =>
    signatureProblems(signatureOf({ ...honest.graph, ...parts }), specification);
  const image = (shape: OnnxValue['shape'], elementType = 'uint8'): OnnxValue => ({
    name: 'image',
    elementType,
    shape,
  });
  const output = (shape: OnnxValue['shape'], elementType = 'float32'): OnnxValue => ({
    name: 'probabilities',
    elementType,
    shape,
  });

  test.each<[string, Partial<OnnxGraph>]>([
    ['as the release says', {}],
    ['open sizes', { inputs: [image(['height', 'width', 3])], outputs: [output([''])] }],
    ['a shape that is not said', { inputs: [image(undefined)], outputs: [output(undefined)] }],
    [
      'weights among the inputs',
      { inputs: [image([16, 24, 3]), { name: 'gains', elementType: 'float32', shape: [2] }] },
    ],
    ['another output beside it', { outputs: [output([2]), { ...output([7]), name: 'logits' }] }],
  ])('fits: %s', (_, parts) => {
    expect(problemsWith(parts)).toEqual([]);
  });

  test.each<[string, Partial<OnnxGraph>, string[]]>([
    [
      'a batch of two [case 22]',
      { inputs: [image([2, 16, 24, 3])] },
      ["input 'image': must be uint8 [16, 24, 3], is uint8 [2, 16, 24, 3]"],
    ],
    [
      'floats instead of bytes [case 22]',
      { inputs: [image([16, 24, 3], 'float32')] },
      ["input 'image': must be uint8 [16, 24, 3], is float32 [16, 24, 3]"],
    ],
    [
      'another size and another number of classes [case 22] [case 23]',
      { inputs: [image([24, 16, 3])], outputs: [output([3])] },
      [
        "input 'image': must be uint8 [16, 24, 3], is uint8 [24, 16, 3]",
        "output 'probabilities': must be float32 [2], is float32 [3]",
      ],
    ],
    [
      'two inputs [case 22]',
      { inputs: [image([16, 24, 3]), { ...image([16, 24, 3]), name: 'mask' }] },
      ["inputs: must be 'image' alone, got 'image', 'mask'"],
    ],
    ['no inputs [case 22]', { inputs: [] }, ["inputs: must be 'image' alone, got none"]],
    [
      'an output of another name [case 23]',
      { outputs: [{ ...output([2]), name: 'scores' }] },
      ["outputs: 'probabilities' must be among them, got 'scores'"],
    ],
    [
      'an output that is no tensor [case 23]',
      { outputs: [output(undefined, 'sequence_type')] },
      ["output 'probabilities': must be float32 [2], is sequence_type of unknown shape"],
    ],
  ])('refused: %s', (_, parts, problems) => {
    expect(problemsWith(parts)).toEqual(problems);
  });

  test('further outputs must be there where the release names them, and as it says', () => {
    const further = {
      ...specification,
      novelty: { outputName: 'novelty' },
      embedding: { outputName: 'embedding', size: 3 },
    };
    const outputs = [output([2]), { ...output([1]), name: 'novelty' }, { ...output([3]), name: 'embedding' }];
    const problems = (values: OnnxValue[]) =>
      signatureProblems(signatureOf({ ...honest.graph, outputs: values }), further);
    expect(problems(outputs)).toEqual([]);
    expect(problems([output([2]), { ...output([]), name: 'novelty' }])).toEqual([
      "output 'novelty': must be float32 [1], is float32 []",
      "outputs: 'embedding' must be among them, got 'probabilities', 'novelty'",
    ]);
  });
});
