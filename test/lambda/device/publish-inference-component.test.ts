import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateComponentVersionCommand } from '@aws-sdk/client-greengrassv2';
import type {
  CloudFormationCustomResourceEvent,
  CloudFormationCustomResourceResponse,
  Context,
} from 'aws-lambda';
import { contentVersion } from '../../../lambda/device/content-version';
import { UNVERSIONED } from '../../../lambda/device/names';
import { handler } from '../../../lambda/device/publish-inference-component/handler';
import {
  deleteVersion,
  publishVersion,
} from '../../../lambda/device/publish-inference-component/publish-inference-component';
import { FakeComponents } from './fake-components';

const FUNCTION_ARN = 'arn:aws:lambda:eu-west-1:111111111111:function:publish';
const arnOf = (version: string) =>
  `arn:aws:greengrass:eu-west-1:111111111111:components:com.example.Inference:versions:${version}`;
const recipeOf = (configuration: object) =>
  JSON.stringify({
    RecipeFormatVersion: '2020-01-25',
    ComponentName: 'com.example.Inference',
    ComponentVersion: UNVERSIONED,
    ComponentConfiguration: { DefaultConfiguration: configuration },
    Manifests: [{ Lifecycle: { Setenv: { COMPONENT_VERSION: UNVERSIONED } } }],
  });
const A = recipeOf({ statusIntervalSeconds: 5 });
const B = recipeOf({ statusIntervalSeconds: 60 });
const [VERSION_OF_A, VERSION_OF_B] = [contentVersion(A), contentVersion(B)];

let components: FakeComponents;
const slept: number[] = [];
const sleep = async (milliseconds: number): Promise<void> => {
  slept.push(milliseconds);
};
const publish = (recipe: string) =>
  publishVersion(components.greengrass as never, recipe, FUNCTION_ARN, sleep);

beforeEach(() => {
  components = new FakeComponents();
  slept.length = 0;
});

describe('a version of the inference component', () => {
  test('is created, and given out once it can be deployed', async () => {
    expect(await publish(A)).toBe(arnOf(VERSION_OF_A));
    expect(slept).toEqual([1_000]);
    expect(components.versions.get(arnOf(VERSION_OF_A))?.recipe).toBe(
      A.replaceAll(UNVERSIONED, VERSION_OF_A),
    );
    expect(VERSION_OF_A).not.toBe(VERSION_OF_B);
  });

  test('[C9] is another one where CloudFormation has made another bucket', async () => {
    await publish(recipeOf({ captureBucket: 'kaizen-plant-data-telemetry-1' }));
    await publish(recipeOf({ captureBucket: 'kaizen-plant-data-telemetry-2' }));
    expect(components.versions.size).toBe(2);
  });

  test('configuration A, B, A: the version of A that is still there is taken over', async () => {
    expect(await publish(A)).toBe(arnOf(VERSION_OF_A));
    expect(await publish(B)).toBe(arnOf(VERSION_OF_B));
    expect(await publish(A)).toBe(arnOf(VERSION_OF_A));
    expect([...components.versions.keys()]).toEqual([arnOf(VERSION_OF_A), arnOf(VERSION_OF_B)]);
  });

  test('is not taken over where another recipe has made it', async () => {
    components.versions.set(arnOf(VERSION_OF_A), {
      tags: { 'recipe-sha256': 'f'.repeat(64) },
      recipe: B,
      looks: 0,
    });
    await expect(publish(A)).rejects.toThrow(
      /^arn:\S+:versions:1\.\d+\.\d+ exists already: its tag recipe-sha256 must be [0-9a-f]{64}, got f{64}\. Something else has made it: delete this version in Greengrass, unless devices run it, and try again$/,
    );
    expect(components.versions.get(arnOf(VERSION_OF_A))?.recipe).toBe(B);
  });

  test('is not taken over where nobody says what made it', async () => {
    components.versions.set(arnOf(VERSION_OF_A), { tags: {}, recipe: A, looks: 0 });
    await expect(publish(A)).rejects.toThrow(/must be [0-9a-f]{64}, got none\./);
  });

  test('is deleted, also twice', async () => {
    await publish(A);
    await deleteVersion(components.greengrass as never, arnOf(VERSION_OF_A));
    await deleteVersion(components.greengrass as never, arnOf(VERSION_OF_A));
    expect(components.versions.size).toBe(0);
  });
});

/** CloudFormation's side: requests, and the address that takes the answers, signed without a content type. */
describe('as a custom resource', () => {
  let server: Server;
  let responseUrl: string;
  let takesAnswers: boolean;
  const answers: CloudFormationCustomResourceResponse[] = [];

  beforeAll(async () => {
    process.env.AWS_REGION = 'eu-west-1';
    server = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      if (!takesAnswers || request.method !== 'PUT' || request.headers['content-type'] !== undefined) {
        response.writeHead(403).end();
        return;
      }
      if (body.length > 4_096) throw new Error('CloudFormation reads no more than 4,096 bytes');
      answers.push(JSON.parse(body.toString()));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    responseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    answers.length = 0;
    takesAnswers = true;
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    components.isSlow = false;
  });
  afterEach(() => jest.restoreAllMocks());

  const ask = async (request: object) => {
    const event = {
      StackId: 'stack',
      RequestId: `request-${answers.length}`,
      LogicalResourceId: 'Version',
      ResponseURL: responseUrl,
      ...request,
    } as CloudFormationCustomResourceEvent;
    await handler(event, { functionName: 'publish', invokedFunctionArn: FUNCTION_ARN } as Context);
    return answers.at(-1);
  };
  const version = (Recipe: string) => ({ ResourceProperties: { ServiceToken: FUNCTION_ARN, Recipe } });

  test('configuration A, B, A: each answer names the version that is wanted', async () => {
    const first = await ask({ RequestType: 'Create', ...version(A) });
    expect(first).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: arnOf(VERSION_OF_A),
      StackId: 'stack',
      RequestId: 'request-0',
      LogicalResourceId: 'Version',
    });
    const update = (recipe: string) =>
      ask({
        RequestType: 'Update',
        PhysicalResourceId: answers.at(-1)?.PhysicalResourceId,
        ...version(recipe),
      });
    expect(await update(B)).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: arnOf(VERSION_OF_B) });
    expect(await update(A)).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: arnOf(VERSION_OF_A) });
    expect(await ask({ RequestType: 'Delete', PhysicalResourceId: arnOf(VERSION_OF_A) })).toMatchObject({
      Status: 'SUCCESS',
    });
    expect([...components.versions.keys()]).toEqual([arnOf(VERSION_OF_B)]);
  });

  test('a failed update keeps the version before, with the reason', async () => {
    await ask({ RequestType: 'Create', ...version(A) });
    components.versions.set(arnOf(VERSION_OF_B), { tags: {}, recipe: 'of somebody else', looks: 1 });
    expect(
      await ask({ RequestType: 'Update', PhysicalResourceId: arnOf(VERSION_OF_A), ...version(B) }),
    ).toMatchObject({
      Status: 'FAILED',
      PhysicalResourceId: arnOf(VERSION_OF_A),
      Reason: expect.stringContaining(`${VERSION_OF_B} exists already`),
    });
  });

  test('a failed creation leaves nothing to delete', async () => {
    components.greengrass.on(CreateComponentVersionCommand).rejects(new Error('x'.repeat(10_000)));
    const failed = await ask({ RequestType: 'Create', ...version(A) });
    expect(failed).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'not-created' });
    expect(
      await ask({ RequestType: 'Delete', PhysicalResourceId: failed?.PhysicalResourceId }),
    ).toMatchObject({ Status: 'SUCCESS' });
  });

  test('an answer that nobody takes is an error, so that Lambda tries again', async () => {
    takesAnswers = false;
    await expect(ask({ RequestType: 'Create', ...version(A) })).rejects.toThrow(
      'CloudFormation did not take the answer: 403',
    );
  });
});
