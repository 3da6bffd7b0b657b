/** Settings that the functions are given which judge by labels. */
import type { UploadConfiguration } from '../../contracts';
import { requireEnvironment } from '../shared/env';
import { ConfigurationError } from '../shared/errors';
import { TELEMETRY_VARIABLES } from '../telemetry/names';
import { type SamplingPolicy, samplingPolicyOf } from './label-weights';

/**
 * By which devices choose the frames that people label.
 * @throws ConfigurationError when it is absent or no JSON
 */
export function samplingPolicySettings(): SamplingPolicy {
  const text = requireEnvironment(TELEMETRY_VARIABLES.uploadPolicy);
  try {
    return samplingPolicyOf(JSON.parse(text) as UploadConfiguration);
  } catch (error) {
    throw new ConfigurationError(
      `environment variable ${TELEMETRY_VARIABLES.uploadPolicy}: must be JSON: ${(error as Error).message}`,
    );
  }
}
