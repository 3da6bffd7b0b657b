/** What AWS's services do for others takes rights too: each call below is refused, until its role or policy allows it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import {
  LOCAL_ACCOUNT_ID,
  LOCAL_CREDENTIALS,
  LOCAL_REGION,
  type Ministack,
  startMinistack,
} from '@kaizen-edge/local-aws';
import { zipSync } from 'fflate';
import { waitFor } from '../../demo/waiting';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';

jest.setTimeout(120_000);

const FUNCTION = 'echo';
const arn = (service: string, rest: string) =>
  `arn:aws:${service}:${LOCAL_REGION}:${LOCAL_ACCOUNT_ID}:${rest}`;
const functionArn = arn('lambda', `function:${FUNCTION}`);
const roleArn = (name: string) => `arn:aws:iam::${LOCAL_ACCOUNT_ID}:role/${name}`;
const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
const refusal = (who: string, action: string, resource: string, kind: 'identity' | 'resource' = 'identity') =>
  `User: ${who} is not authorized to perform: ${action} on resource: ${resource} because no ${kind}-based policy allows the ${action} action`;
const session = (role: string, name: string) =>
  `arn:aws:sts::${LOCAL_ACCOUNT_ID}:assumed-role/${role}/${name}`;

const work = mkdtempSync(join(tmpdir(), 'service-calls-'));
const ended = new AbortController();
let ministack: Ministack;
let iam: IAMClient;
let lambda: LambdaClient;
let stepFunctions: SFNClient;
let events: EventBridgeClient;
let sqs: SQSClient;

async function createRole(RoleName: string, service: string): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
}

async function allow(RoleName: string, Action: string | string[], Resource: string): Promise<void> {
  const PolicyDocument = document({ Effect: 'Allow', Action, Resource });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
}

const eventually = <Value>(what: string, probe: () => Promise<Value | undefined>): Promise<Value> =>
  waitFor({ what, timeoutSeconds: 60, pollMilliseconds: 50, signal: ended.signal }, probe);

/** A sentence in ministack's log. */
const said = (sentence: string) =>
  eventually(
    sentence,
    async () => readFileSync(join(work, 'ministack.log'), 'utf8').includes(sentence) || undefined,
  );

async function createMachine(name: string, definition: object): Promise<string> {
  const made = await stepFunctions.send(
    new CreateStateMachineCommand({
      name,
      definition: JSON.stringify(definition),
      roleArn: roleArn('machine'),
    }),
  );
  return made.stateMachineArn ?? '';
}

beforeAll(async () => {
  ministack = await startMinistack({
    ...LOCAL_AWS_SETTINGS,
    workDirectory: work,
    onCrash: (message) => {
      throw new Error(message);
    },
  });
  const settings = { endpoint: ministack.url, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  iam = new IAMClient(settings);
  lambda = new LambdaClient(settings);
  stepFunctions = new SFNClient(settings);
  events = new EventBridgeClient(settings);
  sqs = new SQSClient(settings);
  await createRole(FUNCTION, 'lambda.amazonaws.com');
  await createRole('machine', 'states.amazonaws.com');
  await createRole('rule', 'events.amazonaws.com');
  const code = Buffer.from('exports.handler = async (event) => event;');
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: FUNCTION,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: roleArn(FUNCTION),
      Code: { ZipFile: zipSync({ 'index.js': code }) },
    }),
  );
});

afterAll(async () => {
  ended.abort();
  for (const client of [iam, lambda, stepFunctions, events, sqs]) client?.destroy();
  await ministack?.stop();
  rmSync(work, { recursive: true, force: true });
});

test('Step Functions invokes a function with the role of the state machine', async () => {
  const stateMachineArn = await createMachine('invoking', {
    StartAt: 'Invoke',
    States: {
      Invoke: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Parameters: { FunctionName: functionArn, Payload: { word: 'yes' } },
        End: true,
      },
    },
  });
  const run = async () => {
    const { executionArn } = await stepFunctions.send(new StartExecutionCommand({ stateMachineArn }));
    return eventually('the end of the execution', async () => {
      const found = await stepFunctions.send(new DescribeExecutionCommand({ executionArn }));
      return found.status === 'RUNNING' ? undefined : found;
    });
  };
  expect(await run()).toMatchObject({
    status: 'FAILED',
    error: 'Lambda.AWSLambdaException',
    cause: refusal(session('machine', 'states'), 'lambda:InvokeFunction', functionArn),
  });
  await allow('machine', 'lambda:InvokeFunction', functionArn);
  expect(await run()).toMatchObject({ status: 'SUCCEEDED' });
});

/** A rule for one source, and an event of it. */
async function ruleFor(source: string, target: { Arn: string; RoleArn?: string }): Promise<string> {
  const { RuleArn } = await events.send(
    new PutRuleCommand({ Name: source, EventPattern: JSON.stringify({ source: [source] }) }),
  );
  await events.send(new PutTargetsCommand({ Rule: source, Targets: [{ Id: 'target', ...target }] }));
  return RuleArn ?? '';
}

const put = (Source: string) =>
  events.send(new PutEventsCommand({ Entries: [{ Source, DetailType: 'test', Detail: '{}' }] }));

test('EventBridge starts executions with the role of its target', async () => {
  const stateMachineArn = await createMachine('passing', {
    StartAt: 'Pass',
    States: { Pass: { Type: 'Pass', End: true } },
  });
  await ruleFor('test.states', { Arn: stateMachineArn, RoleArn: roleArn('rule') });
  await put('test.states');
  await said(refusal(session('rule', 'events'), 'states:StartExecution', stateMachineArn));
  await allow('rule', 'states:StartExecution', stateMachineArn);
  await put('test.states');
  const executions = await eventually('an execution', async () => {
    const { executions: found = [] } = await stepFunctions.send(
      new ListExecutionsCommand({ stateMachineArn }),
    );
    return found.length > 0 ? found : undefined;
  });
  expect(executions).toHaveLength(1);
});

test("EventBridge invokes functions by the function's policy, for the rule that it names", async () => {
  const SourceArn = await ruleFor('test.lambda', { Arn: functionArn });
  const refused = refusal('events.amazonaws.com', 'lambda:InvokeFunction', functionArn, 'resource');
  const permit = (StatementId: string, of: string) =>
    lambda.send(
      new AddPermissionCommand({
        FunctionName: FUNCTION,
        StatementId,
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: of,
      }),
    );
  await permit('another', `${SourceArn}-other`);
  await put('test.lambda');
  await said(refused);
  await permit('own', SourceArn);
  await put('test.lambda');
  await said(`EventBridge → Lambda ${FUNCTION}: dispatched`);
});

test("a queue feeds a function with the function's role", async () => {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'feeding' }));
  const queueArn = arn('sqs', 'feeding');
  await lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName: FUNCTION, EventSourceArn: queueArn }),
  );
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
  const left = async () => {
    const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
    );
    return AttributeNames.reduce((sum, name) => sum + Number(Attributes[name]), 0);
  };
  await said(refusal(session(FUNCTION, 'mapping'), 'sqs:ReceiveMessage', queueArn));
  expect(await left()).toBe(1);
  await allow(FUNCTION, ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], queueArn);
  await eventually('the end of the message', async () => ((await left()) === 0 ? true : undefined));
});
