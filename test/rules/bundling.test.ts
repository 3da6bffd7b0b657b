/**
 * Unit tests never bundle: neither their project does before them, nor does one of them, but for those whose subject is a
 * bundle. Of synthesis and its tests, a build that is done once before all is what bundles (scripts/build-handlers.ts).
 */

import { dirname, join, normalize } from 'node:path';
import { sourcesBelow } from './source-files';

/** Of whom unit tests take what bundles nothing: configurations, figures and their goals, sizes of files. */
const HARMLESS = [
  'bench/edge/child.ts',
  'bench/infrastructure/suite.ts',
  'edge-components/inference/packaging/size-budget.ts',
  'test/edge-components/device-harness.ts',
];
/** What of these does bundle. */
const BUNDLING =
  /\b(?:unpackArtifact|startBenchProgram|bundledChild|LineProgram|InfrastructureContext|bundleHandlers|build(?:Handlers|All|Bundles|InferenceArtifact|DeliverRelease|CheckDevice))\b/;

/** What can be told to bundle by who imports it. */
const BUNDLERS = ['esbuild', 'aws-cdk-lib/aws-lambda-nodejs'];
/** Unit tests about what is bundled. */
const ABOUT_BUNDLES = [
  // Its processes run the program as a device's folder has it.
  'test/cli/device/install.test.ts',
  'test/contracts/compiled-validators.test.ts',
  'test/edge-components/inference/build.test.ts',
  // Likewise.
  'test/edge-components/inference/models/model-hosts.test.ts',
  'test/edge-components/inference/packaging/contract-validators.test.ts',
];

const SOURCES = sourcesBelow(
  'bench',
  'bin',
  'cli',
  'config',
  'contracts',
  'demo',
  'edge-components',
  'lambda',
  'lib',
  'scripts',
  'test',
);
/** Of an import that is not for types only. */
const IMPORT =
  /^(?:import|export)\s(?!type\b)[^;]*?from\s+'([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm;

function importsAtRunTime(path: string): string[] {
  const text = SOURCES.get(path) ?? '';
  return [...text.matchAll(IMPORT)].map(([, named, dynamic, bare]) => named ?? dynamic ?? bare ?? '');
}

function resolved(from: string, target: string): string | undefined {
  const path = normalize(join(dirname(from), target));
  return [`${path}.ts`, `${path}/index.ts`].find((each) => SOURCES.has(each));
}

/** The chain of imports that leads to a bundler. */
function wayToBundler(start: string): string[] | undefined {
  const seen = new Set([start]);
  const ways: string[][] = [[start]];
  for (let way = ways.shift(); way; way = ways.shift()) {
    const from = way.at(-1) as string;
    for (const target of importsAtRunTime(from)) {
      if (BUNDLERS.includes(target)) return [...way, target];
      const next = target.startsWith('.') ? resolved(from, target) : undefined;
      if (!next || seen.has(next) || HARMLESS.includes(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

const { projects } = require('../../jest.config.cjs') as {
  projects: { displayName: string; globalSetup?: string; testPathIgnorePatterns?: string[] }[];
};
const unit = projects.find(({ displayName }) => displayName === 'unit');
const unitTests = [...SOURCES.keys()].filter(
  (path) =>
    /^test\/.*\.test\.ts$/.test(path) &&
    !unit?.testPathIgnorePatterns?.some((ignored) => `/${path}`.includes(ignored)),
);

test('nothing is built before unit tests', () => {
  expect(unit).not.toHaveProperty('globalSetup');
  expect(unitTests.length).toBeGreaterThan(100);
});

test('no unit test can bundle, but for those about bundles', () => {
  const ways = unitTests.map(wayToBundler).filter((way) => way !== undefined);
  expect(ways.filter(([path = '']) => !ABOUT_BUNDLES.includes(path))).toEqual([]);
  expect(ways.map(([path]) => path).sort()).toEqual(ABOUT_BUNDLES);
});

test('no unit test calls what of the harmless ones bundles', () => {
  const calling = unitTests.filter((path) => BUNDLING.test(SOURCES.get(path) ?? ''));
  expect(calling.filter((path) => ![...ABOUT_BUNDLES, 'test/rules/bundling.test.ts'].includes(path))).toEqual(
    [],
  );
});

test('a way to the bundler is found where there is one', () => {
  expect(wayToBundler('test/infrastructure/build-assets.ts')).toEqual([
    'test/infrastructure/build-assets.ts',
    'scripts/build-handlers.ts',
    'esbuild',
  ]);
});
