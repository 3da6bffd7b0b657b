/**
 * Compiles the contracts that the component validates when the artifact is built. Compiling them at each start took
 * about 80 ms of it, and ajv and the schemas that the component has no use for are not shipped.
 */
import standaloneCode from 'ajv/dist/standalone';
import type { Plugin } from 'esbuild';
import type { ContractName } from '../../../contracts';
import { contractAjv, FILLING, schemaId } from '../../../contracts/ajv';

/** What the component parses. A test holds this to its source. */
export const VALIDATED: readonly ContractName[] = [
  'component-configuration',
  'release',
  'release-offer',
  'results-confirmation',
  'signed-release',
  'trusted-keys',
];

/** What the component reads with the defaults filled in. A test holds this to its source. */
export const FILLED: readonly ContractName[] = ['component-configuration'];

const SETS = {
  plain: { names: VALIDATED, options: {} },
  filling: { names: FILLED, options: FILLING },
} as const;

type SetName = keyof typeof SETS;

/** A CommonJS module that exports one validator for each contract of the set, under its name. */
function validatorsCode(set: SetName): string {
  const { names, options } = SETS[set];
  const ajv = contractAjv({ ...options, code: { source: true } });
  return standaloneCode(ajv, Object.fromEntries(names.map((name) => [name, schemaId(name)])));
}

/** Has the exports of contracts/validators.ts. */
const VALIDATORS_MODULE = `
import plain from 'contract-validators:plain';
import filling from 'contract-validators:filling';
function found(validators, name) {
  if (!Object.hasOwn(validators, name)) throw new Error('the artifact has no validator of the contract ' + name);
  return validators[name];
}
export const validatorOf = (name) => found(plain, name);
export const fillingValidatorOf = (name) => found(filling, name);
`;

export const contractValidators: Plugin = {
  name: 'contract-validators',
  setup({ onResolve, onLoad }) {
    onLoad({ filter: /[\\/]contracts[\\/]validators\.ts$/ }, () => ({ contents: VALIDATORS_MODULE }));
    onResolve({ filter: /^contract-validators:/ }, ({ path }) => ({
      path: path.slice('contract-validators:'.length),
      namespace: 'contract-validators',
    }));
    onLoad({ filter: /./, namespace: 'contract-validators' }, ({ path }) => ({
      contents: validatorsCode(path as SetName),
      // The code requires what ajv's validators need when they run.
      resolveDir: __dirname,
    }));
  },
};
