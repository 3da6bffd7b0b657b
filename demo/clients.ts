/** SDK clients for the local AWS, with the endpoints given explicitly: the demo's own environment stays untouched. */

import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import { IoTClient } from '@aws-sdk/client-iot';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LOCAL_CREDENTIALS, LOCAL_REGION, type ReachableAws } from '@kaizen-edge/local-aws';
import type { Clients } from '../cli/shared/clients';

/** The operator's clients, whole, and those that only an onlooker needs. */
export interface DemoClients extends Clients {
  readonly s3: S3Client;
  readonly dynamoDb: DynamoDBDocumentClient;
  readonly greengrass: GreengrassV2Client;
  readonly sageMaker: SageMakerClient;
}

export function makeClients(aws: Pick<ReachableAws, 'endpointUrl' | 'environment'>): DemoClients {
  const settings = { endpoint: aws.endpointUrl, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const at = (variable: string) => ({ ...settings, endpoint: aws.environment[variable] as string });
  return {
    cloudFormation: new CloudFormationClient(settings),
    cloudWatch: new CloudWatchClient(settings),
    dynamoDb: DynamoDBDocumentClient.from(new DynamoDBClient(settings), {
      marshallOptions: { removeUndefinedValues: true },
    }),
    greengrass: new GreengrassV2Client(at('AWS_ENDPOINT_URL_GREENGRASSV2')),
    iot: new IoTClient(settings),
    kms: new KMSClient(settings),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sageMaker: new SageMakerClient(at('AWS_ENDPOINT_URL_SAGEMAKER')),
    stepFunctions: new SFNClient(settings),
    sqs: new SQSClient(settings),
    sts: new STSClient(settings),
  };
}
