// ONNX Runtime reports to its maker unless this is set before it loads (edge-components/inference/src/models/onnx-telemetry.ts).
process.env.ORT_DISABLE_TELEMETRY = '1';

const transform = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }],
};

const shared = {
  transform,
  testEnvironment: 'node',
  rootDir: __dirname,
  setupFiles: ['<rootDir>/test/property-seed.ts'],
  // A dynamic import of our own has the ending of what it will be compiled to, as TypeScript wants it.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // A built package has the name of its source.
  modulePathIgnorePatterns: ['<rootDir>/packages/[^/]+/dist/'],
};

const SLOW = ['environments', 'teardown', 'network-isolation', 'demo-interrupt', 'try', 'three-turns'].map(
  (name) => `/test/integ/${name}.test.ts`,
);

/**
 * unit: pure code and adapters over fakes, no network, no child process that matters; under a minute in all.
 * infrastructure: synthesizes the CDK app (needs the bundled handlers, which its global setup builds).
 * integ: real components: local AWS, MQTT over mTLS, ONNX Runtime, SIGKILL.
 * slow: those of them that take minutes each, on request and weekly: a run of everything must end within thirty.
 * mxnet: on request, needs .venv-mxnet.
 * arm64: on request, needs qemu and its C libraries.
 * The packages have configurations of their own.
 *
 * @type {import('jest').Config}
 */
module.exports = {
  // Only ends a test that hangs: the default of 5 s also ends one on a busy machine, as it is beside the loop, and 30 s
  // did so where eight others wanted each processor.
  testTimeout: 300_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/test/integ/', '/test/infrastructure/', '/test/mxnet/', '/test/arm64/'],
    },
    {
      ...shared,
      displayName: 'infrastructure',
      testMatch: ['<rootDir>/test/infrastructure/**/*.test.ts'],
      globalSetup: '<rootDir>/test/infrastructure/build-assets.ts',
      globalTeardown: '<rootDir>/test/infrastructure/temporary-folder.ts',
    },
    {
      ...shared,
      displayName: 'integ',
      testMatch: ['<rootDir>/test/integ/**/*.test.ts'],
      testPathIgnorePatterns: SLOW,
    },
    {
      ...shared,
      displayName: 'slow',
      testMatch: SLOW.map((path) => `<rootDir>${path}`),
    },
    { ...shared, displayName: 'mxnet', testMatch: ['<rootDir>/test/mxnet/**/*.test.ts'] },
    { ...shared, displayName: 'arm64', testMatch: ['<rootDir>/test/arm64/**/*.test.ts'] },
  ],
};
