/** `training.network` and `training.volumeKeyArn` as SageMaker spells them in the requests of jobs. */
import type { AppConfig } from '../shared/app-config';
import type { Value } from './sagemaker-pipeline/expression';

type Training = AppConfig['training'];
type Fields = Readonly<Record<string, Value>>;

/** Whether jobs run without a network: their inputs are channels then, their packages come with their code. */
export const isIsolated = ({ network }: Pick<Training, 'network'>): boolean =>
  network?.isolation !== undefined;

function vpcConfig({ network }: Training): Fields {
  if (network?.vpc === undefined) return {};
  const { subnets, securityGroupIds } = network.vpc;
  return { VpcConfig: { Subnets: [...subnets], SecurityGroupIds: [...securityGroupIds] } };
}

const isolation = (training: Training): Fields =>
  isIsolated(training) ? { EnableNetworkIsolation: true } : {};

/** Of CreateTrainingJob. */
export const trainingNetwork = (training: Training): Fields => ({
  ...isolation(training),
  ...vpcConfig(training),
  EnableInterContainerTrafficEncryption: training.instanceCount > 1,
});

/** Of CreateProcessingJob: one host, so nothing between containers. */
export function processingNetwork(training: Training): Fields {
  const fields = { ...isolation(training), ...vpcConfig(training) };
  return Object.keys(fields).length === 0 ? {} : { NetworkConfig: fields };
}

/** Of ResourceConfig and ClusterConfig. */
export const volumeOf = ({ volumeGigabytes, volumeKeyArn }: Training): Fields => ({
  VolumeSizeInGB: volumeGigabytes,
  ...(volumeKeyArn !== undefined && { VolumeKmsKeyId: volumeKeyArn }),
});
