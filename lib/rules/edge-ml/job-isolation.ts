import { type PipelineJob, pipelineJobs } from './pipeline-jobs';
import type { Rule } from './rule';

function isIsolated({ kind, request }: PipelineJob): boolean {
  const settings = kind === 'training' ? request : (request.NetworkConfig ?? {});
  return settings.EnableNetworkIsolation === true || settings.VpcConfig !== undefined;
}

/** User code that reaches the internet can carry data out, and fetch what nobody has reviewed. */
export const jobIsolation: Rule = {
  id: 'SM1',
  description:
    'The job reaches the internet: run it with EnableNetworkIsolation, or in a VPC whose routes you decide.',
  source: 'https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html',
  check: (application) =>
    pipelineJobs(application)
      .filter((job) => !isIsolated(job))
      .map(({ pipeline, step }) => ({ resource: pipeline, found: step })),
};
