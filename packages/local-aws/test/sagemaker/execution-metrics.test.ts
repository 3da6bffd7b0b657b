import type { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { ExecutionMetrics } from '../../sagemaker/execution-metrics';
import type { Execution, ExecutionStatus } from '../../sagemaker/pipeline/execution';

const LATER = new Date('2026-03-01T10:00:00Z');

async function put(statuses: readonly ExecutionStatus[], refuse = false) {
  const inputs: PutMetricDataCommand['input'][] = [];
  const problems: string[] = [];
  const send = async ({ input }: PutMetricDataCommand) => {
    if (refuse) throw new Error('no CloudWatch');
    inputs.push(input);
  };
  const metrics = new ExecutionMetrics({ send } as unknown as CloudWatchClient, (problem) =>
    problems.push(problem),
  );
  for (const status of statuses) {
    metrics.count({ pipelineName: 'train', status, lastModifiedTime: LATER } as Execution);
  }
  await metrics.drain();
  return { inputs, problems };
}

test('an execution that fails is counted for its pipeline', async () => {
  const { inputs } = await put(['Executing', 'Failed']);
  const [, failed] = inputs;
  expect(inputs).toHaveLength(2);
  expect(failed).toEqual({
    Namespace: 'AWS/Sagemaker/ModelBuildingPipeline',
    MetricData: [
      {
        MetricName: 'ExecutionFailed',
        Dimensions: [{ Name: 'PipelineName', Value: 'train' }],
        Timestamp: LATER,
        Unit: 'Count',
        Value: 1,
      },
    ],
  });
});

test('every end has a metric of its own, and stopping is none', async () => {
  const { inputs } = await put(['Executing', 'Stopping', 'Stopped', 'Succeeded']);
  expect(inputs.map(({ MetricData }) => MetricData?.[0]?.MetricName)).toEqual([
    'ExecutionStarted',
    'ExecutionStopped',
    'ExecutionSucceeded',
  ]);
});

test('a metric that is not taken stops nothing, and is told', async () => {
  const { problems } = await put(['Failed', 'Succeeded'], true);
  expect(problems).toEqual([
    'the metric ExecutionFailed was not put: no CloudWatch',
    'the metric ExecutionSucceeded was not put: no CloudWatch',
  ]);
});
