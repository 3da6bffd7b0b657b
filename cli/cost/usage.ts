/** How an environment is used: what no template knows. */
export interface Usage {
  readonly devices: number;
  /** Frames that a device decides in a second, while the line runs. */
  readonly fps: number;
  /** Of line a day. */
  readonly hoursPerDay: number;
  /** Executions of the training pipeline in a month; each is rolled out. */
  readonly trainings: number;
  /** Minutes of the training job; the other jobs take {@link OTHER_JOB_MINUTES}. */
  readonly trainingMinutes: number;
  /** Months of operation behind the one that is estimated: what never expires piles up. */
  readonly monthsBefore: number;
}

export const DEFAULT_USAGE = { hoursPerDay: 24, trainings: 2, trainingMinutes: 30, monthsBefore: 0 } as const;

export const DAYS_PER_MONTH = 30;
/** Prepare, evaluate and export of a dataset of thousands of images. */
export const OTHER_JOB_MINUTES = 10;
/** Of one record as JSON. */
export const RECORD_BYTES = 480;
/** Of one record in a message, compressed with the others: some seventy to 5,120 bytes (docs/adr/0038). */
export const RECORD_BYTES_SENT = 67;
/** Of lines of records by gzip. Assumed: records repeat names and differ in numbers. */
export const COMPRESSION = 7;
/** Of an uploaded image with its sidecar. */
export const CAPTURE_BYTES = 100_000;
/** Share of frames that the model is uncertain about. */
export const UNCERTAIN_SHARE = 0.02;
/** Share of frames that go to review. Assumed: those of {@link UNCERTAIN_SHARE}, and as many that are new. */
export const REVIEW_SHARE = 0.04;
/** Of a question with its image, in base64. */
export const QUESTION_BYTES = 40_000;
/** Of the function, per question: decoding, network and what it asks of other services. */
export const SECONDS_PER_QUESTION = 0.25;
/** Write request units of one update of a sketch, and read request units of the look before it: it has below 1 KB. */
export const UNITS_PER_SKETCH = 1;
/** Of a sketch, as an evaluation reads it. */
export const SKETCH_KILOBYTES = 2;
/** Seconds of ingest-results per record, many of them together, and of any function's other invocation. */
export const SECONDS_PER_RECORD = 0.0001;
export const SECONDS_PER_INVOCATION = 2;
/** What a function logs per invocation, Lambda's own lines included. */
export const LOG_BYTES = 2_000;
/** State transitions of a rollout of two waves. */
export const TRANSITIONS_PER_ROLLOUT = 300;
/** Of a release, as a device downloads it. */
export const RELEASE_BYTES = 5_000_000;
/** Files of an execution of the pipeline, archives included. */
export const PIPELINE_BYTES = 500_000_000;
