/** Environment variables and metrics of the telemetry functions, shared with the CDK code. */

export const TELEMETRY_VARIABLES = {
  /** Width of a sketch's time window in seconds; a divisor of a day. Default 3600. */
  sketchWindowSeconds: 'SKETCH_WINDOW_SECONDS',
} as const;

/** Counted per use case (dimension `useCase`). */
export const TELEMETRY_METRICS = {
  recordsAccepted: 'RecordsAccepted',
  recordsRejected: 'RecordsRejected',
  batchesRepeated: 'BatchesRepeated',
  messagesRefused: 'MessagesRefused',
  recordsDroppedOnDevice: 'RecordsDroppedOnDevice',
} as const;

/** What the topic rules add to the device's message; the SQL of both rules ends in `FROM '<topic filter>'`. */
export const RULE_SELECT =
  'SELECT *, topic(1) AS topicUseCase, topic(2) AS topicThingName, timestamp() AS receivedAt';
