/** Names that the registry shares with rollout and with the CDK code: keys of the model bucket, variables. */

export const REGISTRY_VARIABLES = {
  /** Days after which a device refuses to install a release. Default 365. */
  releaseLifetimeDays: 'RELEASE_LIFETIME_DAYS',
  /** Comma-separated architectures that a release is made for. Default `linux-x64,linux-arm64`. */
  releaseArchitectures: 'RELEASE_ARCHITECTURES',
} as const;

/** File name of the signed release among the artifacts of a model component. */
export const ENVELOPE_FILE = 'release.dsse.json';
/** File name of a model component's startup script. */
export const DELIVER_RELEASE_FILE = 'deliver-release.cjs';

/** Key of a file of a release: content-addressed, so that it never changes under a component that names it. */
export function blobKey(sha256: string, fileName: string): string {
  return `releases/blobs/${sha256}/${fileName}`;
}

/** @param sha256 digest of the envelope's bytes */
export function envelopeKey(sha256: string): string {
  return `releases/envelopes/${sha256}/${ENVELOPE_FILE}`;
}

/** @param sha256 digest of the script's bytes */
export function deliverReleaseKey(sha256: string): string {
  return `components/${sha256}/${DELIVER_RELEASE_FILE}`;
}

/** Greengrass component that carries the releases of a use case: `surface-inspection` -> `com.kaizenedge.model.SurfaceInspection`. */
export function modelComponentName(useCase: string): string {
  const words = useCase.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `com.kaizenedge.model.${words.join('')}`;
}

/** Version of the model component of a release. */
export function modelComponentVersion(counter: number): string {
  return `1.0.${counter}`;
}
