import { type PipelineJob, pipelineJobs } from './pipeline-jobs';
import type { Rule } from './rule';

/** Where a job's request misses a key of ours, or lets hosts talk in plain text. */
function unencrypted({ kind, request }: PipelineJob): string[] {
  const isTraining = kind === 'training';
  const cluster = (isTraining ? request.ResourceConfig : request.ProcessingResources?.ClusterConfig) ?? {};
  const output = isTraining ? request.OutputDataConfig : request.ProcessingOutputConfig;
  const traffic = isTraining
    ? request.EnableInterContainerTrafficEncryption
    : request.NetworkConfig?.EnableInterContainerTrafficEncryption;
  // A number that the pipeline gets as a parameter may be any.
  const hasOneHost = (cluster.InstanceCount ?? 1) === 1;
  return [
    ...(output === undefined || output.KmsKeyId ? [] : ['output']),
    ...(cluster.VolumeKmsKeyId ? [] : ['volume']),
    ...(hasOneHost || traffic === true ? [] : ['traffic']),
  ];
}

/** Data of a job at rest under a key of ours, and on its way between hosts. */
export const jobEncryption: Rule = {
  id: 'SM2',
  description:
    'The job leaves data without a key of yours: KmsKeyId for its output, VolumeKmsKeyId for its volumes, EnableInterContainerTrafficEncryption between hosts.',
  source: 'https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest.html',
  check: (application) =>
    pipelineJobs(application).flatMap((job) =>
      unencrypted(job).map((found) => ({ resource: job.pipeline, found: `${job.step} ${found}` })),
    ),
};
