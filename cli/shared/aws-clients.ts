import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as aws from '../../lambda/shared/aws';
import type { Clients } from './clients';

/** Clients by the ordinary variables: AWS_REGION, credentials, AWS_ENDPOINT_URL. */
export function awsClients(): Clients {
  return {
    cloudFormation: new CloudFormationClient({}),
    cloudWatch: new CloudWatchClient({}),
    dynamoDb: aws.documentClient(),
    s3: aws.s3(),
    sqs: aws.sqs(),
    kms: aws.kms(),
    lambda: aws.lambda(),
    iot: aws.iot(),
    sageMaker: aws.sagemaker(),
    greengrass: aws.greengrass(),
    stepFunctions: new SFNClient({}),
    logs: new CloudWatchLogsClient({}),
  };
}
