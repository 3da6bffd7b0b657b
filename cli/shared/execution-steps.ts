import { type PipelineExecutionStep, paginateListPipelineExecutionSteps } from '@aws-sdk/client-sagemaker';
import type { Clients } from './clients';

/** Steps of an execution of the pipeline, in the order in which they began. */
export async function executionSteps(
  client: Clients['sageMaker'],
  executionArn: string,
): Promise<PipelineExecutionStep[]> {
  const steps: PipelineExecutionStep[] = [];
  const ascending = { PipelineExecutionArn: executionArn, SortOrder: 'Ascending' } as const;
  for await (const page of paginateListPipelineExecutionSteps({ client }, ascending)) {
    steps.push(...(page.PipelineExecutionSteps ?? []));
  }
  return steps;
}
