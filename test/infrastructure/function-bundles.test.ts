/** What is deployed of the functions: built before these tests, as before every synthesis. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { handlerFolders } from '../../scripts/build-handlers';

const ROOT = join(__dirname, '..', '..');
const bundleOf = (folder: string): string =>
  readFileSync(join(ROOT, 'dist', 'lambda', folder, 'index.js'), 'utf8');

/** A sentence of ajv's compiler. */
const COMPILER = 'strict mode: ';

test('no function carries the compiler of contracts: it would compile them at every start', () => {
  const bundles = handlerFolders().map((folder): [string, string] => [folder, bundleOf(folder)]);
  expect(bundles.length).toBeGreaterThan(0);
  const carrying = bundles.filter(([, text]) => text.includes(COMPILER));
  expect(carrying.map(([folder]) => folder)).toEqual([]);
  // It would be found where it is.
  expect(readFileSync(require.resolve('ajv/dist/compile/util'), 'utf8')).toContain(COMPILER);
});

/** A sentence of the SDK's chain of credentials. */
const CHAIN = 'Could not load credentials from any providers';

test("no function carries the SDK's sources of credentials: it has those of its role", () => {
  expect(handlerFolders().filter((folder) => bundleOf(folder).includes(CHAIN))).toEqual([]);
  const chain = require.resolve('@aws-sdk/credential-provider-node/package.json');
  expect(readFileSync(join(dirname(chain), 'dist-es', 'defaultProvider.js'), 'utf8')).toContain(CHAIN);
});

test('a function that validates has the validators it asks for', () => {
  expect(bundleOf('telemetry/ingest-status')).toContain('device-status');
  expect(bundleOf('rollout/sweep-rollouts')).not.toContain('the bundle has no validator of the contract');
});

test('contracts are asked for by their literal names, which the build looks for', () => {
  const sources = readdirSync(join(ROOT, 'lambda'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const calls = sources.flatMap((name) => [
    ...readFileSync(join(ROOT, 'lambda', name), 'utf8').matchAll(
      /\b(?:problemsOf|parseContract|parseContractJson|withDefaults)(?:<[^>(]*>)?\(\s*\S*/g,
    ),
  ]);
  expect(calls.length).toBeGreaterThan(5);
  expect(
    calls
      .map(([call]) => call)
      .filter((call) => !/^(problemsOf|parseContract|parseContractJson)\S*\(\s*'[a-z-]+'/.test(call)),
  ).toEqual([]);
});
