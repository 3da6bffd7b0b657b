import { ConfigurationError } from './errors';
import { type NameScope, SHARED_VARIABLES } from './names';

/**
 * Value of an environment variable that must be there.
 * @throws ConfigurationError when it is absent or empty
 */
export function requireEnvironment(name: string): string {
  const value = process.env[name];
  if (!value) throw new ConfigurationError(`environment variable ${name} is required, but it is not set`);
  return value;
}

/** The environment that the function is deployed in. */
export function deployedEnvironment(): Pick<NameScope, 'environmentName'> {
  return { environmentName: requireEnvironment(SHARED_VARIABLES.environment) };
}

/** Bounds of a number in the environment, both inclusive. */
export interface NumberBounds {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * Number in an environment variable, or its default when the variable is absent.
 * @throws ConfigurationError when it is no number or lies outside the bounds
 */
export function numberFromEnvironment(name: string, bounds: NumberBounds): number {
  const text = process.env[name];
  if (text === undefined || text === '') return bounds.default;
  const value = Number(text);
  if (!(value >= bounds.minimum && value <= bounds.maximum)) {
    throw new ConfigurationError(
      `environment variable ${name} must be a number from ${bounds.minimum} to ${bounds.maximum}, got '${text}'`,
    );
  }
  return value;
}
