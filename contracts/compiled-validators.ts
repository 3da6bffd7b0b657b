/**
 * Compiles contracts when a bundle is built. Compiling them at each start takes tens of milliseconds, and neither ajv nor
 * the schemas that a bundle has no use for are shipped.
 */
import standaloneCode from 'ajv/dist/standalone';
import type { Plugin } from 'esbuild';
import { contractAjv, FILLING, schemaId } from './ajv';
import type { ContractName } from './validation';

export interface CompiledContracts {
  /** What the bundle validates. */
  readonly validated: readonly ContractName[];
  /** What it reads with the defaults filled in. @default - nothing */
  readonly filled?: readonly ContractName[];
}

/** A CommonJS module that exports one validator for each contract, under its name. */
function validatorsCode(names: readonly ContractName[], options: Parameters<typeof contractAjv>[0]): string {
  const ajv = contractAjv({ ...options, code: { source: true } });
  return standaloneCode(ajv, Object.fromEntries(names.map((name) => [name, schemaId(name)])));
}

/** Has the exports of contracts/validators.ts. */
const VALIDATORS_MODULE = `
import plain from 'contract-validators:plain';
import filling from 'contract-validators:filling';
function found(validators, name) {
  if (!Object.hasOwn(validators, name)) throw new Error('the bundle has no validator of the contract ' + name);
  return validators[name];
}
export const validatorOf = (name) => found(plain, name);
export const fillingValidatorOf = (name) => found(filling, name);
`;

/** Puts validators of these contracts in the place of contracts/validators.ts. */
export function compiledValidators({ validated, filled = [] }: CompiledContracts): Plugin {
  const code: Readonly<Record<string, () => string>> = {
    plain: () => validatorsCode(validated, {}),
    filling: () => validatorsCode(filled, FILLING),
  };
  return {
    name: 'contract-validators',
    setup({ onResolve, onLoad }) {
      onLoad({ filter: /[\\/]contracts[\\/]validators\.ts$/ }, () => ({ contents: VALIDATORS_MODULE }));
      onResolve({ filter: /^contract-validators:/ }, ({ path }) => ({
        path: path.slice('contract-validators:'.length),
        namespace: 'contract-validators',
      }));
      onLoad({ filter: /./, namespace: 'contract-validators' }, ({ path }) => ({
        contents: code[path]?.() ?? '',
        // The code requires what ajv's validators need when they run.
        resolveDir: __dirname,
      }));
    },
  };
}
