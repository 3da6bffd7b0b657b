import { numberFromEnvironment } from '../shared/env';
import { ConfigurationError } from '../shared/errors';
import type { Architecture } from './build-release/compose-release';
import { REGISTRY_VARIABLES } from './names';

const ARCHITECTURES: readonly Architecture[] = ['linux-x64', 'linux-arm64'];

/** Days after which a device refuses to install a release. */
export function releaseLifetimeDays(): number {
  return numberFromEnvironment(REGISTRY_VARIABLES.releaseLifetimeDays, {
    default: 365,
    minimum: 1,
    maximum: 3650,
  });
}

/** @throws ConfigurationError when one is unknown */
export function releaseArchitectures(): Architecture[] {
  const text = process.env[REGISTRY_VARIABLES.releaseArchitectures];
  if (!text) return [...ARCHITECTURES];
  return text.split(',').map((name) => {
    const found = ARCHITECTURES.find((known) => known === name.trim());
    if (!found) {
      throw new ConfigurationError(
        `environment variable ${REGISTRY_VARIABLES.releaseArchitectures}: must list ${ARCHITECTURES.join(', ')}, got '${name}'`,
      );
    }
    return found;
  });
}
