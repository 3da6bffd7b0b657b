import type { Config } from 'jest';

const transform: NonNullable<Config['transform']> = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }],
};

const shared = { transform, testEnvironment: 'node', rootDir: __dirname } satisfies Partial<Config>;

/**
 * unit: pure code and adapters over fakes, no network, no child process that matters; under a minute in all.
 * infrastructure: synthesizes the CDK app (needs the bundled handlers, which its global setup builds).
 * integ: real components: local AWS, MQTT over mTLS, ONNX Runtime, SIGKILL.
 */
const config: Config = {
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/test/**/*.test.ts'], testPathIgnorePatterns: ['/test/integ/', '/test/infrastructure/'] },
    { ...shared, displayName: 'infrastructure', testMatch: ['<rootDir>/test/infrastructure/**/*.test.ts'], globalSetup: '<rootDir>/test/infrastructure/build-assets.ts' },
    { ...shared, displayName: 'integ', testMatch: ['<rootDir>/test/integ/**/*.test.ts'] },
  ],
};

export default config;
