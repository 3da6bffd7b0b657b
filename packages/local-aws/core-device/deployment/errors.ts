/** Why a deployment failed, in the nucleus's vocabulary (`deployment/errorcode/DeploymentErrorCode.java`, `DeploymentErrorType.java`). */
export const ERROR_TYPES = {
  DEPLOYMENT_FAILURE: undefined,
  DEPLOYMENT_INTERRUPTED: undefined,
  DEPLOYMENT_REJECTED: undefined,
  REJECTED_STALE_DEPLOYMENT: undefined,
  DEPLOYMENT_DOCUMENT_NOT_VALID: undefined,
  NUCLEUS_MISSING_REQUIRED_CAPABILITIES: 'REQUEST_ERROR',
  NO_AVAILABLE_COMPONENT_VERSION: undefined,
  COMPONENT_VERSION_REQUIREMENTS_NOT_MET: 'REQUEST_ERROR',
  COMPONENT_CIRCULAR_DEPENDENCY_ERROR: 'REQUEST_ERROR',
  ACCESS_DENIED: 'PERMISSION_ERROR',
  CLOUD_API_ERROR: undefined,
  NETWORK_ERROR: 'NETWORK_ERROR',
  RECIPE_PARSE_ERROR: 'COMPONENT_RECIPE_ERROR',
  RECIPE_MISSING_MANIFEST: 'COMPONENT_RECIPE_ERROR',
  RECIPE_MISSING_ARTIFACT_HASH_ALGORITHM: 'COMPONENT_RECIPE_ERROR',
  UNSUPPORTED_ARTIFACT_SCHEME: 'COMPONENT_RECIPE_ERROR',
  S3_ARTIFACT_URI_NOT_VALID: 'COMPONENT_RECIPE_ERROR',
  ARTIFACT_CHECKSUM_MISMATCH: 'COMPONENT_RECIPE_ERROR',
  ARTIFACT_DOWNLOAD_ERROR: undefined,
  S3_GET_OBJECT_ACCESS_DENIED: 'PERMISSION_ERROR',
  S3_GET_OBJECT_RESOURCE_NOT_FOUND: 'REQUEST_ERROR',
  IO_UNZIP_ERROR: 'DEVICE_ERROR',
  IO_WRITE_ERROR: 'DEVICE_ERROR',
  COMPONENT_CONFIGURATION_NOT_VALID: undefined,
  COMPONENT_UPDATE_ERROR: undefined,
  COMPONENT_BROKEN: 'USER_COMPONENT_ERROR',
} as const satisfies Readonly<Record<string, string | undefined>>;

export type DeploymentErrorCode = keyof typeof ERROR_TYPES;

/** A deployment cannot go on. `codes` lead from the general to the particular. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
  readonly codes: readonly DeploymentErrorCode[];
  constructor(message: string, ...codes: readonly DeploymentErrorCode[]) {
    super(message);
    this.codes = ['DEPLOYMENT_FAILURE', ...codes];
  }

  get types(): string[] {
    return [...new Set(this.codes.flatMap((code) => ERROR_TYPES[code] ?? []))];
  }
}

/** The job went away (cancelled, or replaced by a newer one) before anything was changed. */
export class DeploymentCancelled extends Error {
  override readonly name = 'DeploymentCancelled';
}

/** The device is being stopped; the deployment waits in its record. */
export class DeviceStopping extends Error {
  override readonly name = 'DeviceStopping';
}
