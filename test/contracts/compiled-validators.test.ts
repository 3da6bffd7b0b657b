/** Validators that a function's bundle carries say what those say that are compiled at run time. */
import Module from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { ContractName } from '../../contracts';
import * as contracts from '../../contracts';
import { compiledValidators } from '../../contracts/compiled-validators';
import { aBatch, aLabel, aRelease, aResult } from '../lambda/shared/builders';

const ROOT = join(__dirname, '..', '..');
const VALIDATED: readonly ContractName[] = [
  'dataset-item',
  'device-status',
  'exported-model',
  'inference-result',
  'label',
  'release',
  'results-batch',
  'signed-release',
];

let bundled: typeof contracts;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'contracts', 'index.ts')],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
    plugins: [compiledValidators({ validated: VALIDATED })],
  });
  const bundle = new Module('contracts.cjs') as Module & { _compile(code: string, path: string): void };
  bundle._compile(outputFiles[0]?.text as string, join(ROOT, 'contracts.cjs'));
  bundled = bundle.exports;
});

const BROKEN = [undefined, null, [], {}, 'text', { schemaVersion: 2, 'a/b~c': { surprise: true } }];
const VALUES: readonly [ContractName, unknown][] = [
  ...VALIDATED.flatMap((name) => BROKEN.map((value): [ContractName, unknown] => [name, value])),
  ['results-batch', aBatch()],
  ['results-batch', { ...aBatch(), deviceId: 7, records: 'none' }],
  ['inference-result', { ...aResult(), confidence: 2, label: '' }],
  ['label', aLabel()],
  ['label', { ...aLabel(), labelledAt: 'yesterday', label: 'ü'.repeat(200) }],
  ['release', aRelease()],
  ['release', { ...aRelease(), counter: -1, classes: ['a', 'a'], files: [{ path: '/etc/passwd' }] }],
];

test('they say the same, with the same values', () => {
  const told = VALUES.map(([name, value]) => contracts.problemsOf(name, value));
  expect(VALUES.map(([name, value]) => bundled.problemsOf(name, value))).toEqual(told);
  expect(told.filter((problems) => problems.length === 0)).toHaveLength(3);
  expect(told.flat()).toContain('deviceId: must be string, got 7');
});

test('a contract that was not asked for is an error, and so is one with defaults', () => {
  const message = 'the bundle has no validator of the contract trusted-keys';
  expect(() => bundled.problemsOf('trusted-keys', {})).toThrow(message);
  expect(() => bundled.withDefaults('release', aRelease())).toThrow('no validator of the contract release');
});
