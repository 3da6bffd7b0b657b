import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import type { IoTClient } from '@aws-sdk/client-iot';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The AWS clients that the commands use; each command takes only those it needs. */
export interface Clients {
  readonly cloudFormation: Pick<CloudFormationClient, 'send'>;
  readonly dynamoDb: Pick<DynamoDBDocumentClient, 'send'>;
  readonly s3: Pick<S3Client, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly kms: Pick<KMSClient, 'send'>;
  readonly iot: Pick<IoTClient, 'send'>;
  readonly sageMaker: Pick<SageMakerClient, 'send'>;
  readonly greengrass: Pick<GreengrassV2Client, 'send'>;
}
