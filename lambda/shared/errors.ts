/** Errors that tell the caller what to do about them; everything else is a fault that a retry may cure. */

/** The input can never be processed: a retry is useless, the sender or the configuration is wrong. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError';
}

/** The function is not set up as its code expects. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
