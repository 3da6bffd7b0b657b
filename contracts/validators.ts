/**
 * The validators, compiled when first asked for. A bundle may have a module of the same exports in place of this one,
 * with validators that its build compiled: compiled-validators.ts.
 */
import type Ajv2020 from 'ajv/dist/2020';
import type { ValidateFunction } from 'ajv/dist/2020';
import { contractAjv, FILLING, schemaId } from './ajv';

const ajv = contractAjv();
/** Only who asks for defaults pays for the second set of validators. */
let fillingAjv: Ajv2020 | undefined;

function compiled(from: Ajv2020, name: string): ValidateFunction {
  const found = from.getSchema(schemaId(name));
  if (!found) throw new Error(`there is no contract named '${name}'`);
  return found;
}

/** @throws Error when there is no such contract */
export const validatorOf = (name: string): ValidateFunction => compiled(ajv, name);

/**
 * As {@link validatorOf}, of a validator that changes the value: absent fields get their defaults.
 * @throws Error when there is no such contract
 */
export function fillingValidatorOf(name: string): ValidateFunction {
  fillingAjv ??= contractAjv(FILLING);
  return compiled(fillingAjv, name);
}
