/** Validation of everything that crosses a process boundary, against the JSON Schemas in contracts/schemas. */
import type { ErrorObject } from 'ajv/dist/2020';
import type { Contracts } from './generated/types';
import { fillingValidatorOf, validatorOf } from './validators';

export type ContractName = keyof Contracts;

/** A value does not fit its contract. Lists every problem, each with the field, the rule and the value. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
  constructor(
    readonly contract: string,
    readonly subject: string,
    readonly problems: readonly string[],
  ) {
    super(
      `${subject} does not fit the contract '${contract}':\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
  }
}

const LONGEST_VALUE_SHOWN = 80;

/** The value for a message; of an address with user and password, without them. */
function shown(value: unknown): string {
  const text = (JSON.stringify(value) ?? String(value)).replace(/:\/\/[^\s"]*@/g, '://...@');
  return text.length > LONGEST_VALUE_SHOWN ? `${text.slice(0, LONGEST_VALUE_SHOWN)}...` : text;
}

/** What an error is about: ajv's own copies of it would make compiled validators a fifth larger. */
function dataOf({ instancePath, propertyName }: ErrorObject, root: unknown): unknown {
  if (propertyName !== undefined) return propertyName;
  const names = instancePath.split('/').slice(1);
  return names.reduce<unknown>(
    (value, name) => (value as Record<string, unknown>)[name.replaceAll('~1', '/').replaceAll('~0', '~')],
    root,
  );
}

function sentence(error: ErrorObject, root: unknown): string {
  const field = error.instancePath === '' ? '(root)' : error.instancePath.slice(1).replaceAll('/', '.');
  if (error.keyword === 'additionalProperties') {
    return `${field}: unknown field '${error.params.additionalProperty}'`;
  }
  const rule =
    error.keyword === 'enum' ? `must be one of ${error.params.allowedValues.join(', ')}` : error.message;
  return error.keyword === 'required'
    ? `${field}: ${rule}`
    : `${field}: ${rule}, got ${shown(dataOf(error, root))}`;
}

/** Every way in which `value` breaks the contract; empty when it fits. */
export function problemsOf(name: ContractName, value: unknown): string[] {
  const validate = validatorOf(name);
  return validate(value) ? [] : (validate.errors ?? []).map((error) => sentence(error, value));
}

/**
 * Returns `value` typed by its contract.
 * @param subject what the value is, for the message: "release.dsse.json of offer 7"
 * @throws ContractError with every problem
 */
export function parseContract<Name extends ContractName>(
  name: Name,
  value: unknown,
  subject: string,
): Contracts[Name] {
  const problems = problemsOf(name, value);
  if (problems.length > 0) throw new ContractError(name, subject, problems);
  return value as Contracts[Name];
}

/**
 * A copy of `value` in which every absent field with a `default` in its schema has that value.
 * @param value fits the contract
 */
export function withDefaults<Name extends ContractName>(name: Name, value: Contracts[Name]): Contracts[Name] {
  const filled = structuredClone(value);
  fillingValidatorOf(name)(filled);
  return filled;
}

/**
 * As {@link parseContract}, from JSON text.
 * @throws ContractError, also when the text is not JSON
 */
export function parseContractJson<Name extends ContractName>(
  name: Name,
  text: string,
  subject: string,
): Contracts[Name] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ContractError(name, subject, [`not JSON: ${(error as Error).message}`]);
  }
  return parseContract(name, value, subject);
}
