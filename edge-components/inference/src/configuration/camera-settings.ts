/** One camera of the configuration, with its defaults. */
import type { CameraConfiguration } from '../../../../contracts';

/** Of the contract, component-configuration.schema.json. */
const DEFAULTS = { framesPerSecond: 5, program: 'ffmpeg', stallSeconds: 60, frozenFrames: 0 } as const;

export type CameraSettings = CameraConfiguration &
  Required<Pick<CameraConfiguration, 'framesPerSecond' | 'program' | 'stallSeconds' | 'frozenFrames'>>;

export const cameraSettings = (configuration: CameraConfiguration): CameraSettings => ({
  ...DEFAULTS,
  ...configuration,
});
