/** The settings that `lib/rollout` hands to the functions. */
import { REGISTRY_VARIABLES } from '../registry/names';
import { greengrass, s3 } from '../shared/aws';
import { requireEnvironment } from '../shared/env';
import { ConfigurationError } from '../shared/errors';
import type { ComponentVersion } from './compose-deployment';
import { ROLLOUT_VARIABLES, type RolloutLimits, type WaveSettings } from './names';
import { ComponentPublisher } from './publish-component';

function fromJson<Value>(name: string): Value {
  try {
    return JSON.parse(requireEnvironment(name)) as Value;
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new ConfigurationError(`environment variable ${name} is not JSON: ${error.message}`);
    }
    throw error;
  }
}

export const waveSettings = (): WaveSettings[] => fromJson(ROLLOUT_VARIABLES.waves);
export const rolloutLimits = (): RolloutLimits => fromJson(ROLLOUT_VARIABLES.limits);

/** The code that every deployment pins beside the model. */
export function inferenceComponent(): ComponentVersion {
  return {
    name: requireEnvironment(ROLLOUT_VARIABLES.inferenceComponentName),
    version: requireEnvironment(ROLLOUT_VARIABLES.inferenceComponentVersion),
  };
}

export function componentPublisher(): ComponentPublisher {
  return new ComponentPublisher(greengrass(), s3(), {
    modelBucket: requireEnvironment(REGISTRY_VARIABLES.modelBucket),
    inferenceComponentName: requireEnvironment(ROLLOUT_VARIABLES.inferenceComponentName),
    deliverReleaseUri: requireEnvironment(ROLLOUT_VARIABLES.deliverReleaseUri),
    deliverReleaseSourceUri: requireEnvironment(ROLLOUT_VARIABLES.deliverReleaseSourceUri),
  });
}
