import { readdirSync, readFileSync } from 'node:fs';
import Module from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { ContractName } from '../../../../contracts';
import * as contracts from '../../../../contracts';
import {
  contractValidators,
  FILLED,
  VALIDATED,
} from '../../../../edge-components/inference/packaging/contract-validators';
import { useCaseConfiguration } from '../../device-harness';

const ROOT = join(__dirname, '..', '..', '..', '..');
const SOURCE = join(ROOT, 'edge-components', 'inference', 'src');

let packaged: typeof contracts;
let inputs: string[];

beforeAll(async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(ROOT, 'contracts', 'index.ts')],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
    plugins: [contractValidators],
  });
  const bundle = new Module('contracts.cjs') as Module & { _compile(code: string, path: string): void };
  bundle._compile(outputFiles[0]?.text as string, join(ROOT, 'contracts.cjs'));
  packaged = bundle.exports;
  inputs = Object.keys(metafile.inputs);
});

/** Names of the contracts that the component gives to one of these functions. */
function contractsGivenTo(...functions: string[]): string[] {
  const call = new RegExp(`\\b(?:${functions.join('|')})(?:<[^>(]*>)?\\(\\s*'([a-z-]+)'`, 'g');
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.ts$/.test(name),
  );
  const names = files.flatMap((name) =>
    [...readFileSync(join(SOURCE, name), 'utf8').matchAll(call)].map(([, contract]) => contract as string),
  );
  return [...new Set(names)].sort();
}

test('the compiled contracts are those that the component asks for', () => {
  expect(contractsGivenTo('problemsOf', 'parseContract', 'parseContractJson')).toEqual([...VALIDATED].sort());
  expect(contractsGivenTo('withDefaults')).toEqual([...FILLED].sort());
});

const welds = useCaseConfiguration('/work', 'welds', 'com.kaizenedge.model.welds');
const configuration = { useCases: { welds }, captureBucket: 'captures' };
const key = { keyId: 'a'.repeat(64), publicKey: 'MFkw' };

const VALUES: readonly [ContractName, unknown][] = [
  ...VALIDATED.flatMap((name): [ContractName, unknown][] => [
    [name, undefined],
    [name, []],
    [name, {}],
    [name, { schemaVersion: 2, surprise: true }],
  ]),
  ['component-configuration', configuration],
  [
    'component-configuration',
    { ...configuration, captureBucket: 'A', statusIntervalSeconds: -1, storage: 7 },
  ],
  ['component-configuration', { ...configuration, useCases: { 'No name': welds } }],
  ['trusted-keys', { schemaVersion: 1, keys: [key, { ...key, keyId: 'ü'.repeat(9) }] }],
  ['trusted-keys', { schemaVersion: 1, keys: [{ ...key, notAfter: 'yesterday' }, key, key] }],
  ['signed-release', { payloadType: 'text/plain', payload: '***', signatures: [{ keyid: 1, sig: '' }] }],
  ['release-offer', { schemaVersion: 1, offerId: '../1', componentName: 'x'.repeat(200) }],
  [
    'release',
    { schemaVersion: 1, counter: 0.5, createdAt: '2026-02-30T00:00:00Z', files: [{ path: '/etc' }] },
  ],
];

test('they say the same as those that are compiled at run time', () => {
  const told = VALUES.map(([name, value]) => contracts.problemsOf(name, value));
  expect(VALUES.map(([name, value]) => packaged.problemsOf(name, value))).toEqual(told);
  expect(told.filter(({ length }) => length > 0).length).toBeGreaterThan(20);
  expect(told.filter(({ length }) => length === 0)).toHaveLength(1);
});

test('they fill in the same defaults', () => {
  const filled = packaged.withDefaults('component-configuration', configuration);
  expect(filled).toEqual(contracts.withDefaults('component-configuration', configuration));
  expect(filled).toMatchObject({
    statusIntervalSeconds: 60,
    useCases: { welds: { challenger: { timeoutSeconds: 60 } } },
  });
});

test('a contract that is not among them is an error, and so is a name of every object', () => {
  for (const name of ['dataset-item', 'toString']) {
    const message = `the bundle has no validator of the contract ${name}`;
    expect(() => packaged.problemsOf(name as ContractName, {})).toThrow(message);
  }
});

test('neither the compiler nor a schema is shipped', () => {
  expect(
    inputs.filter((path) => /ajv\/dist\/(core|compile|vocabularies)|\.schema\.json$/.test(path)),
  ).toEqual([]);
  expect(inputs).toContain('contract-validators:plain');
});
