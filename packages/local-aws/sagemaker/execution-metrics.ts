/** What SageMaker tells CloudWatch of the executions of pipelines: the developer guide's "Pipelines metrics". */
import { type CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { messageOf } from './errors';
import type { Execution, ExecutionStatus } from './pipeline/execution';

const METRICS: Readonly<Partial<Record<ExecutionStatus, string>>> = {
  Executing: 'ExecutionStarted',
  Failed: 'ExecutionFailed',
  Stopped: 'ExecutionStopped',
  Succeeded: 'ExecutionSucceeded',
};

export class ExecutionMetrics {
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: CloudWatchClient,
    private readonly onProblem: (message: string) => void,
  ) {}

  /** Counts what an execution has become. */
  count({ pipelineName, status, lastModifiedTime }: Execution): void {
    const MetricName = METRICS[status];
    if (!MetricName) return;
    const command = new PutMetricDataCommand({
      Namespace: 'AWS/Sagemaker/ModelBuildingPipeline',
      MetricData: [
        {
          MetricName,
          Dimensions: [{ Name: 'PipelineName', Value: pipelineName }],
          Timestamp: lastModifiedTime,
          Unit: 'Count',
          Value: 1,
        },
      ],
    });
    this.last = this.last
      .then(() => this.client.send(command))
      .then(
        () => undefined,
        (error) => this.onProblem(`the metric ${MetricName} was not put: ${messageOf(error)}`),
      );
  }

  /** Resolves when everything counted so far has been sent or given up. */
  drain(): Promise<void> {
    return this.last;
  }
}
