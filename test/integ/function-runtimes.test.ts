/** [C14] Functions run here on the major version of Node that they have in AWS, and on no other. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { LOCAL_CREDENTIALS, LOCAL_REGION, type LocalAws, startLocalAws } from '@kaizen-edge/local-aws';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';

const work = mkdtempSync(join(tmpdir(), 'function-runtimes-'));
let aws: LocalAws;
let functions: LambdaClient;

beforeAll(async () => {
  aws = await startLocalAws({
    ...LOCAL_AWS_SETTINGS,
    workDirectory: work,
    onCrash: (message) => {
      throw new Error(message);
    },
  });
  const client = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, endpoint: aws.endpointUrl };
  functions = new LambdaClient(client);
  const stacks = new CloudFormationClient(client);
  const StackName = 'functions';
  await stacks.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify(TEMPLATE),
      Capabilities: ['CAPABILITY_IAM'],
    }),
  );
  await waitUntilStackCreateComplete(
    { client: stacks, maxWaitTime: 120, minDelay: 1, maxDelay: 1 },
    { StackName },
  );
  stacks.destroy();
});

afterAll(async () => {
  functions?.destroy();
  await aws?.stop();
  rmSync(work, { recursive: true, force: true });
});

const RUNTIMES = ['nodejs24.x', 'nodejs18.x'] as const;
const nameOf = (runtime: string) => runtime.replace('.', '-');

/** A function for each runtime, which says its version of Node, and their role. */
const TEMPLATE = {
  Resources: {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
          ],
        },
      },
    },
    ...Object.fromEntries(
      RUNTIMES.map((Runtime, index) => [
        `Function${index}`,
        {
          Type: 'AWS::Lambda::Function',
          Properties: {
            FunctionName: nameOf(Runtime),
            Runtime,
            Handler: 'index.handler',
            Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
            Code: { ZipFile: 'exports.handler = async () => process.version;' },
          },
        },
      ]),
    ),
  },
};

async function answerOn(runtime: (typeof RUNTIMES)[number]) {
  const { FunctionError, Payload } = await functions.send(
    new InvokeCommand({ FunctionName: nameOf(runtime) }),
  );
  return { error: FunctionError, said: Buffer.from(Payload ?? []).toString('utf8') };
}

test('[C14] a function of nodejs24.x runs on Node 24, whatever this machine has', async () => {
  const { error, said } = await answerOn('nodejs24.x');
  expect(error).toBeUndefined();
  expect(said).toMatch(/^"v24\.\d+\.\d+"$/);
});

test('[C14] a function whose Node is not there does not run on another one', async () => {
  const { error, said } = await answerOn('nodejs18.x');
  expect(error).toBeDefined();
  expect(said).toContain('runtime nodejs18.x needs Node 18');
});
