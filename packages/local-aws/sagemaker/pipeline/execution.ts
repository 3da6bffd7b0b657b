/** One execution of a pipeline, as the service remembers it. */
import type { Json, JsonObject } from '../json';
import type { PipelineDefinition, StepDefinition } from './model';
import type { StepStatus } from './plan';

export type ExecutionStatus = 'Executing' | 'Stopping' | 'Stopped' | 'Failed' | 'Succeeded';

export interface StepRecord {
  readonly step: StepDefinition;
  status: StepStatus;
  readonly startTime: Date;
  endTime?: Date;
  failureReason?: string;
  attempts: number;
  /** `PipelineExecutionStepMetadata`. */
  metadata: JsonObject;
  /** What other steps can refer to: the Describe answer of the job or the package. */
  description: JsonObject;
  /** Of a Condition step. */
  outcome?: boolean;
  cacheKey?: string | undefined;
  /** Execution whose result was reused. */
  cachedFrom?: string;
}

export interface Execution {
  readonly arn: string;
  readonly id: string;
  readonly pipelineArn: string;
  readonly pipelineName: string;
  readonly roleArn: string;
  readonly definitionText: string;
  readonly definition: PipelineDefinition;
  readonly displayName?: string;
  readonly description?: string | undefined;
  readonly maximumParallelSteps: number;
  readonly parameters: Readonly<Record<string, Json>>;
  readonly creationTime: Date;
  status: ExecutionStatus;
  lastModifiedTime: Date;
  failureReason?: string | undefined;
  readonly steps: Map<string, StepRecord>;
  /** Aborted by StopPipelineExecution; renewed by RetryPipelineExecution. */
  abort: AbortController;
  /** Settles when the execution is at rest. */
  ended: Promise<void>;
}

export const isRunning = (execution: Execution): boolean =>
  execution.status === 'Executing' || execution.status === 'Stopping';
