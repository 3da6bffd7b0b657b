import type { Agent } from 'node:http';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { SFNClient } from '@aws-sdk/client-sfn';
import { STSClient } from '@aws-sdk/client-sts';
import { siteProxy } from '../../contracts/site-proxy';
import * as aws from '../../lambda/shared/aws';
import { rememberOperation } from './advice';
import type { Clients } from './clients';

/** Clients by the ordinary variables: AWS_REGION, credentials, AWS_ENDPOINT_URL, HTTPS_PROXY and NO_PROXY. */
export function awsClients(): Clients {
  const clients = namingOperations(directClients());
  const proxy = siteProxy();
  if (proxy) {
    for (const { config } of Object.values(clients) as { config: ProxiedConfiguration }[]) {
      config.requestHandler.updateHttpClientConfig('httpsAgent', proxy);
    }
  }
  return clients;
}

/** What the SDK tells a middleware of a request. */
interface RequestContext {
  readonly clientName?: string;
  readonly commandName?: string;
}

/** What the SDK's clients have in common; their own types differ in the commands that they take. */
interface MiddlewareStack {
  add(
    middleware: (
      next: (request: unknown) => Promise<unknown>,
      context: RequestContext,
    ) => (request: unknown) => Promise<unknown>,
    options: { readonly step: 'initialize'; readonly priority: 'high' },
  ): void;
}

/**
 * Remembers of every error which request it answers: "Access Denied" of S3 alone helps nobody.
 * @returns the same clients
 */
export function namingOperations<Of extends object>(clients: Of): Of {
  for (const { middlewareStack } of Object.values(clients) as { middlewareStack: MiddlewareStack }[]) {
    middlewareStack.add(
      (next, { clientName = '', commandName = '' }) =>
        async (request) => {
          try {
            return await next(request);
          } catch (error) {
            const service = clientName.replace(/Client$/, '');
            rememberOperation(error, { service, operation: commandName.replace(/Command$/, '') });
            throw error;
          }
        },
      { step: 'initialize', priority: 'high' },
    );
  }
  return clients;
}

/** Of every client: the handler is that of the credentials' requests, too. */
interface ProxiedConfiguration {
  readonly requestHandler: { updateHttpClientConfig(key: 'httpsAgent', agent: Agent): void };
}

function directClients(): Clients {
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
    sts: new STSClient({}),
  };
}
