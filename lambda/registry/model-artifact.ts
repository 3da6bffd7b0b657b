import { DescribeModelPackageCommand, type SageMakerClient } from '@aws-sdk/client-sagemaker';

/** S3 URI of the model.tar.gz of a registered package. @throws Error when the package names none */
export async function modelArtifactUri(
  client: Pick<SageMakerClient, 'send'>,
  modelPackageArn: string,
): Promise<string> {
  const answer = await client.send(new DescribeModelPackageCommand({ ModelPackageName: modelPackageArn }));
  const uri = answer.InferenceSpecification?.Containers?.[0]?.ModelDataUrl;
  if (!uri) throw new Error(`model package ${modelPackageArn} names no model artifact`);
  return uri;
}
