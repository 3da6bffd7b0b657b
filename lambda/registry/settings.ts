import type { AppConfig, Release } from '../../contracts';
import { numberFromEnvironment, requireEnvironment } from '../shared/env';
import { ConfigurationError } from '../shared/errors';
import { REGISTRY_VARIABLES } from './names';

type Architecture = Release['target']['architectures'][number];

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

/** What becomes of a part: as the configuration says, whose contract was checked when it was deployed. */
export type PolicySettings = AppConfig['dispositionPolicy'];

/** @throws ConfigurationError when it is absent or no JSON */
export function dispositionPolicySettings(): PolicySettings {
  const text = requireEnvironment(REGISTRY_VARIABLES.dispositionPolicy);
  try {
    return JSON.parse(text) as PolicySettings;
  } catch (error) {
    throw new ConfigurationError(
      `environment variable ${REGISTRY_VARIABLES.dispositionPolicy}: must be JSON: ${(error as Error).message}`,
    );
  }
}

/** Of releases whose parts may be asked about in the cloud; undefined where they may not. */
export interface SecondOpinionRule {
  readonly mayPass: boolean;
}

/** @throws ConfigurationError when it is neither absent nor a truth value */
export function secondOpinionRule(): SecondOpinionRule | undefined {
  const text = process.env[REGISTRY_VARIABLES.secondOpinionMayPass];
  if (!text) return undefined;
  if (text !== 'true' && text !== 'false') {
    throw new ConfigurationError(
      `environment variable ${REGISTRY_VARIABLES.secondOpinionMayPass}: must be true or false, got '${text}'`,
    );
  }
  return { mayPass: text === 'true' };
}
