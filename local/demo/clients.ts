/** SDK clients for the local AWS, with the endpoints given explicitly: the demo's own environment stays untouched. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import { IoTClient } from '@aws-sdk/client-iot';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LOCAL_CREDENTIALS, LOCAL_REGION, type LocalAws } from '../launcher/start-local-aws';

export interface DemoClients {
  readonly cloudFormation: CloudFormationClient;
  readonly documents: DynamoDBDocumentClient;
  readonly greengrass: GreengrassV2Client;
  readonly iot: IoTClient;
  readonly kms: KMSClient;
  readonly lambda: LambdaClient;
  readonly s3: S3Client;
  readonly sagemaker: SageMakerClient;
  readonly stepFunctions: SFNClient;
  readonly sqs: SQSClient;
}

export function makeClients(aws: LocalAws): DemoClients {
  const settings = { endpoint: aws.endpointUrl, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const at = (variable: string) => ({ ...settings, endpoint: aws.environment[variable] as string });
  return {
    cloudFormation: new CloudFormationClient(settings),
    documents: DynamoDBDocumentClient.from(new DynamoDBClient(settings), {
      marshallOptions: { removeUndefinedValues: true },
    }),
    greengrass: new GreengrassV2Client(at('AWS_ENDPOINT_URL_GREENGRASSV2')),
    iot: new IoTClient(settings),
    kms: new KMSClient(settings),
    lambda: new LambdaClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sagemaker: new SageMakerClient(at('AWS_ENDPOINT_URL_SAGEMAKER')),
    stepFunctions: new SFNClient(settings),
    sqs: new SQSClient(settings),
  };
}
