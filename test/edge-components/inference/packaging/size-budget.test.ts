import {
  BUNDLE_BYTES,
  budgetProblems,
  checkBudget,
  MAXIMUM_RATIO,
  sizeRatio,
} from '../../../../edge-components/inference/packaging/size-budget';

const ESSENTIAL = new Map([
  ['main.cjs', 2_000],
  ['agent.cjs', 450_000],
  ['decoder-host.cjs', 140_000],
  ['inference-host.cjs', 30_000],
  ['native/linux-x64/libonnxruntime.so.1', 40_000_000],
  ['native/linux-x64/onnxruntime_binding.node', 400_000],
  ['native/linux-x64/@img/sharp-linux-x64/lib/sharp.node', 400_000],
  ['native/linux-x64/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8.18.7', 19_000_000],
]);
const TOTAL = [...ESSENTIAL.values()].reduce((sum, size) => sum + size);
const BUNDLES = new Map([
  ['inference-host.cjs', { inputs: ['node_modules/onnxruntime-node/dist/index.js'] }],
]);
const withFiles = (...files: [string, number][]) => new Map([...ESSENTIAL, ...files]);

test('an artifact of its essential files alone has the ratio 1 and keeps its budget', () => {
  expect(sizeRatio(ESSENTIAL)).toBe(1);
  expect(budgetProblems(ESSENTIAL, BUNDLES)).toEqual([]);
});

test('a tenth may be something else, and no more', () => {
  const tenth = Math.floor(TOTAL * (MAXIMUM_RATIO - 1));
  expect(budgetProblems(withFiles(['notes.txt', tenth]), BUNDLES)).toEqual([]);
  expect(budgetProblems(withFiles(['notes.txt', tenth + 2]), BUNDLES)).toEqual([
    'artifact: must not be above 1.1 x its essential files, got 1.100',
  ]);
});

test('native files of another architecture or a second ONNX Runtime are no essential files', () => {
  const [problem] = budgetProblems(withFiles(['native/libonnxruntime_providers_cuda.so', TOTAL]), BUNDLES);
  expect(problem).toBe('artifact: must not be above 1.1 x its essential files, got 2.000');
});

test.each(Object.entries(BUNDLE_BYTES))('%s has a limit of its own', (name, limit) => {
  expect(budgetProblems(withFiles([name, limit]), BUNDLES)).toEqual([]);
  expect(budgetProblems(withFiles([name, limit + 1]), BUNDLES)).toEqual([
    `${name}: must not be above ${limit} bytes, got ${limit + 1}`,
  ]);
});

test.each([
  ['node_modules/sharp/dist/index.cjs', 'node_modules/sharp'],
  ['node_modules/@aws-sdk/client-s3/dist-es/index.js', 'node_modules/@aws-sdk/client-s3'],
  ['node_modules/@smithy/core/dist-es/index.js', 'node_modules/@smithy/core'],
  ['node_modules/aws-iot-device-sdk-v2/dist/index.js', 'node_modules/aws-iot-device-sdk-v2'],
  ['node_modules/ajv/dist/ajv.js', 'node_modules/ajv'],
  ['node_modules/x/node_modules/ajv/dist/ajv.js', 'node_modules/x/node_modules/ajv'],
])('the host of a graph must not contain %s', (input, folder) => {
  const bundles = new Map([['inference-host.cjs', { inputs: [input] }]]);
  expect(budgetProblems(ESSENTIAL, bundles)).toEqual([`inference-host.cjs: must not contain ${folder}`]);
});

test.each([
  ['main.cjs', 'node_modules/ajv/dist/ajv.js', 'node_modules/ajv'],
  ['agent.cjs', 'node_modules/sharp/dist/index.cjs', 'node_modules/sharp'],
  ['agent.cjs', 'node_modules/onnxruntime-node/dist/index.js', 'node_modules/onnxruntime-node'],
])('%s must not contain %s: native code ends with a process of its own', (name, input, folder) => {
  const bundles = new Map([[name, { inputs: [input] }]]);
  expect(budgetProblems(ESSENTIAL, bundles)).toEqual([`${name}: must not contain ${folder}`]);
});

test('the error names every problem, and every file with its size, largest first', () => {
  const bytes = withFiles(['main.cjs', 20_000_000], ['notes.txt', 90_000_000]);
  expect(() => checkBudget('inference-linux-x64.zip', bytes, BUNDLES)).toThrow(
    [
      'inference-linux-x64.zip breaks its size budget:',
      `  - main.cjs: must not be above ${BUNDLE_BYTES['main.cjs']} bytes, got 20000000`,
      '  - artifact: must not be above 1.1 x its essential files, got 2.119',
      'bytes:',
      '    90000000 notes.txt',
      '    40000000 native/linux-x64/libonnxruntime.so.1',
      '    20000000 main.cjs',
      '    19000000 native/linux-x64/@img/sharp-libvips-linux-x64/lib/libvips-cpp.so.8.18.7',
      '      450000 agent.cjs',
      '      400000 native/linux-x64/onnxruntime_binding.node',
      '      400000 native/linux-x64/@img/sharp-linux-x64/lib/sharp.node',
      '      140000 decoder-host.cjs',
      '       30000 inference-host.cjs',
    ].join('\n'),
  );
});
