const shared = {
  rootDir: __dirname,
  setupFiles: ['<rootDir>/test/property-seed.ts'],
  testEnvironment: 'node',
  // The built package has the name of its source.
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }],
  },
};

/**
 * unit: pure code and adapters over fakes.
 * integ: the services with the SDK's clients, core devices as processes, the CDK CLI. They need Python (test/python.ts).
 *
 * @type {import('jest').Config}
 */
module.exports = {
  // Only ends a test that hangs: the default of 5 s also ends one on a busy machine.
  testTimeout: 300_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/integ/'],
    },
    { ...shared, displayName: 'integ', testMatch: ['<rootDir>/test/integ/**/*.test.ts'] },
  ],
};
