/** Step Functions in memory: executions of the synthesized machine over a virtual clock. */
import { DescribeExecutionCommand, ExecutionDoesNotExist, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { type Definition, StoppedExecution, walk } from '../rollout-machine';
import type { VirtualClock } from './virtual-clock';

type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';

export interface RunningExecution {
  readonly executionArn: string;
  readonly input: string;
  status: Status;
  stopDate?: Date;
  error?: string;
  cause?: string;
  visited: readonly string[];
  /** Ends it where it is. */
  stop(): void;
}

export interface StepFunctionsOptions {
  readonly definition: Definition;
  readonly clock: VirtualClock;
  random(): number;
  invoke(step: string, input: unknown, execution: RunningExecution): Promise<unknown>;
  onEnd(execution: RunningExecution): void;
}

const STEP = /PlanRollout|DeployWave|CheckWave|JudgeWave|RollBackWave|FinishRollout/;

export class MemoryStepFunctions {
  readonly executions: RunningExecution[] = [];

  constructor(private readonly options: StepFunctionsOptions) {}

  isIdle(): boolean {
    return this.executions.every(({ status }) => status !== 'RUNNING');
  }

  send(command: object): object {
    if (command instanceof StartExecutionCommand) {
      return { executionArn: this.start(command.input.input ?? '{}').executionArn };
    }
    if (command instanceof DescribeExecutionCommand) return this.describe(command.input.executionArn);
    throw new Error(`MemoryStepFunctions: does not know ${command.constructor.name}`);
  }

  start(input: string): RunningExecution {
    const name = `execution-${this.executions.length + 1}`;
    const executionArn = `arn:aws:states:eu-central-1:000000000000:execution:kaizen-prod-rollout:${name}`;
    let stop: () => void = () => undefined;
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(new StoppedExecution());
    });
    // Nobody may be waiting for it.
    stopped.catch(() => undefined);
    const execution: RunningExecution = { executionArn, input, status: 'RUNNING', visited: [], stop };
    this.executions.push(execution);
    execution.stop = () => {
      if (execution.status !== 'RUNNING') return;
      this.end(execution, 'ABORTED');
      stop();
    };
    void this.run(execution, stopped);
    return execution;
  }

  private async run(execution: RunningExecution, stopped: Promise<never>): Promise<void> {
    const { definition, clock, invoke, random } = this.options;
    try {
      const walked = await walk({
        definition,
        input: JSON.parse(execution.input),
        executionArn: execution.executionArn,
        random,
        wait: (seconds) => Promise.race([clock.sleep(seconds * 1000), stopped]),
        invoke: (resource, input) => {
          const invoked = invoke(STEP.exec(resource)?.[0] ?? resource, input, execution);
          // Of a function that goes on after its execution was stopped, nobody asks for the answer.
          invoked.catch(() => undefined);
          return Promise.race([invoked, stopped]);
        },
      });
      execution.visited = walked.visited;
      if (execution.status === 'RUNNING') this.end(execution, walked.status, walked.error, walked.cause);
    } catch (error) {
      if (error instanceof StoppedExecution) return;
      this.end(execution, 'FAILED', 'States.Runtime', (error as Error).stack);
    }
  }

  private end(execution: RunningExecution, status: Status, error?: string, cause?: string): void {
    Object.assign(execution, { status, stopDate: new Date(this.options.clock.now), error, cause });
    this.options.onEnd(execution);
  }

  private describe(executionArn: string | undefined): object {
    const found = this.executions.find((execution) => execution.executionArn === executionArn);
    if (!found) throw new ExecutionDoesNotExist({ $metadata: {}, message: `${executionArn}` });
    const { input, status, stopDate, error, cause } = found;
    return { executionArn, input, status, stopDate, error, cause };
  }
}
