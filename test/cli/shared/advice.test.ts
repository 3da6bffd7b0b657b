import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { actionOf, explain } from '../../../cli/shared/advice';
import { namingOperations } from '../../../cli/shared/aws-clients';
import { awsError } from '../fakes';

/** As Node gives it for a socket. */
const socketError = (code: string, message = `connect ${code} 10.0.0.1:443`) =>
  Object.assign(new Error(message), { code });

describe('[B27] F29: an error says what to do', () => {
  test.each<[string, Error, string | RegExp]>([
    ['nobody at the address', socketError('ECONNREFUSED'), 'run `npm run local`'],
    [
      'none of several addresses',
      Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }),
      '. out/local.env',
    ],
    ['no region', new Error('Region is missing'), 'set AWS_REGION'],
    [
      'no credentials',
      awsError('CredentialsProviderError', 'Could not load credentials from any providers'),
      'sign in',
    ],
    ['an expired token', awsError('ExpiredToken', 'The provided token has expired.'), 'aws sso login'],
    [
      'an expired token of STS',
      awsError('ExpiredTokenException', 'The security token included in the request is expired'),
      'aws sso login',
    ],
    [
      'an expired session',
      awsError(
        'CredentialsProviderError',
        'The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login',
      ),
      'sign in to AWS again',
    ],
    [
      'unknown credentials',
      awsError('UnrecognizedClientException', 'The security token included in the request is invalid.'),
      'does not know these credentials',
    ],
    ['another clock', awsError('RequestTimeTooSkewed', 'The difference is too large'), 'set the clock'],
    [
      'a refused action',
      awsError(
        'AccessDeniedException',
        'User: arn:aws:iam::1:user/a is not authorized to perform: dynamodb:Query on resource: arn:x',
      ),
      'a policy of yours must allow dynamodb:Query',
    ],
    ['throttling', awsError('ThrottlingException', 'Rate exceeded'), 'in a minute'],
    [
      'a region with a typing error',
      socketError('ENOTFOUND', 'getaddrinfo ENOTFOUND s3.eu-wst-1.amazonaws.com'),
      'check AWS_REGION',
    ],
    ['a network without a way out', socketError('ETIMEDOUT'), 'HTTPS_PROXY'],
    [
      'a proxy that opens TLS',
      socketError('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'),
      'NODE_EXTRA_CA_CERTS',
    ],
  ])('%s', (_, error, advice) => {
    expect(explain(error)).toMatchObject({ advice: expect.stringContaining(String(advice)) });
    expect(explain(error).message).not.toBe('');
  });

  test('what nobody knows an answer to has none', () => {
    expect(explain(new Error('the disk is full'))).toEqual({
      message: 'the disk is full',
      advice: undefined,
    });
    expect(explain('text')).toEqual({ message: 'text', advice: undefined });
  });

  test.each([
    ['S3', 'GetObject', 's3:GetObject'],
    ['S3', 'ListObjectsV2', 's3:ListBucket'],
    ['SFN', 'ListExecutions', 'states:ListExecutions'],
    ['GreengrassV2', 'CreateDeployment', 'greengrass:CreateDeployment'],
    ['Lambda', 'Invoke', 'lambda:InvokeFunction'],
    ['CloudWatchLogs', 'DescribeLogGroups', 'logs:DescribeLogGroups'],
  ])('%s %s is %s in a policy', (service, operation, action) => {
    expect(actionOf({ service, operation })).toBe(action);
  });

  describe('of a refusal that names no action, by the request that it answers', () => {
    const options = {
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
      requestHandler: {
        handle: async () => {
          await sleep(0);
          throw awsError('AccessDenied', 'Access Denied');
        },
      },
    } as never;
    const clients = namingOperations({
      s3: new S3Client(options),
      tables: DynamoDBDocumentClient.from(new DynamoDBClient(options)),
      states: new SFNClient(options),
    });
    const refusalOf = (answer: Promise<unknown>) => answer.then(() => undefined, explain);

    test.each([
      ['s3:GetObject', () => clients.s3.send(new GetObjectCommand({ Bucket: 'a', Key: 'b' }))],
      ['s3:ListBucket', () => clients.s3.send(new ListObjectsV2Command({ Bucket: 'a' }))],
      ['dynamodb:GetItem', () => clients.tables.send(new GetCommand({ TableName: 'a', Key: { a: 1 } }))],
      ['states:ListStateMachines', () => clients.states.send(new ListStateMachinesCommand({}))],
    ])('%s', async (action, ask) => {
      expect(await refusalOf(ask())).toMatchObject({
        message: 'Access Denied',
        advice: expect.stringContaining(`must allow ${action};`),
      });
    });
  });
});
