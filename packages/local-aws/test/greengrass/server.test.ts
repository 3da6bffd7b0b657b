import type { FastifyInstance } from 'fastify';
import { GreengrassAccess } from '../../greengrass/access';
import { ComponentOperations } from '../../greengrass/component-operations';
import { ComponentStore } from '../../greengrass/component-store';
import { CoreDeviceOperations } from '../../greengrass/core-device-operations';
import { CoreDeviceRegistry } from '../../greengrass/core-device-registry';
import { DeploymentLedger } from '../../greengrass/deployment-ledger';
import { DeploymentOperations } from '../../greengrass/deployment-operations';
import { ClientTokens } from '../../greengrass/idempotency';
import type { ArtifactObjects } from '../../greengrass/ports';
import { buildServer } from '../../greengrass/server';
import { TagStore } from '../../greengrass/tag-store';
import { type AccessCheck, AccessRefused, type Caller } from '../../iam/iam';
import { FakeEvents, FakeJobs } from './fakes';

const SCOPE = { region: 'eu-west-1', accountId: '111122223333' };
const NOW = new Date(1_500);
const ARN = 'arn:aws:greengrass:eu-west-1:111122223333:components:com.example.Probe:versions:1.0.0';
const JSON_HEADERS = { 'content-type': 'application/json' };

const noArtifacts: ArtifactObjects = {
  sha256: async () => undefined,
  read: () => Promise.reject(new Error('no artifacts')),
};

interface Call {
  readonly method?: string;
  readonly url: string;
  readonly payload?: object | string;
  readonly headers?: Record<string, string>;
}

/** Remembers what it is asked, and refuses what a test says. */
class FakeIam {
  readonly asked: string[] = [];
  refused = '';

  async authorize(_caller: Caller, checks: readonly AccessCheck[]): Promise<void> {
    for (const { action, resource } of checks) {
      this.asked.push(`${action} ${resource}`);
      if (action === this.refused) throw new AccessRefused('AccessDeniedException', `not ${action}`);
    }
  }
}

let iam: FakeIam;
beforeEach(() => {
  iam = new FakeIam();
});

const running: FastifyInstance[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

/** The server on the loopback: fastify's `inject` needs ESM, which Jest cannot load. */
async function serve() {
  const server = build();
  running.push(server);
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  return async ({ method = 'GET', url, payload, headers = JSON_HEADERS }: Call) => {
    const body = typeof payload === 'object' ? JSON.stringify(payload) : payload;
    const answer = await fetch(`${address}${url}`, { method, headers, ...(body !== undefined && { body }) });
    const text = await answer.text();
    return {
      status: answer.status,
      errorType: answer.headers.get('x-amzn-errortype'),
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
}

function build() {
  const [tags, tokens, store, ledger] = [
    new TagStore(),
    new ClientTokens(),
    new ComponentStore(SCOPE),
    new DeploymentLedger(SCOPE),
  ];
  const jobs = new FakeJobs({});
  const events = new FakeEvents();
  const now = () => NOW;
  return buildServer(
    {
      tags,
      components: new ComponentOperations(SCOPE, store, tags, noArtifacts, tokens, now),
      deployments: new DeploymentOperations(SCOPE, ledger, store, tags, jobs, events, tokens, now),
      coreDevices: new CoreDeviceOperations(SCOPE, new CoreDeviceRegistry(SCOPE), ledger, tags, jobs, events),
    },
    { iam, access: new GreengrassAccess(SCOPE) },
    () => 'http://127.0.0.1',
  );
}

function createRequest() {
  const recipe = {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: 'com.example.Probe',
    ComponentVersion: '1.0.0',
    Manifests: [],
  };
  const inlineRecipe = Buffer.from(JSON.stringify(recipe)).toString('base64');
  return { method: 'POST', url: '/greengrass/v2/createComponentVersion', payload: { inlineRecipe } } as const;
}

test('timestamps go out as seconds since the epoch', async () => {
  const answer = await (await serve())(createRequest());
  expect(answer.status).toBe(201);
  expect(answer.body).toMatchObject({ arn: ARN, creationTimestamp: 1.5 });
});

test('an error carries its type in the header and its members in the body', async () => {
  const call = await serve();
  await call(createRequest());
  const again = await call(createRequest());
  expect(again.status).toBe(409);
  expect(again.errorType).toBe('ConflictException');
  expect(again.body).toMatchObject({ resourceId: ARN, resourceType: 'COMPONENT' });
});

test.each<[string, Call, string]>([
  ['an unknown operation', { method: 'GET', url: '/greengrass/v2/nothing' }, 'UNKNOWN_OPERATION'],
  [
    'a body that is no JSON',
    { method: 'POST', url: '/greengrass/v2/deployments', payload: '{', headers: JSON_HEADERS },
    'CANNOT_PARSE',
  ],
  ['a page of 0', { method: 'GET', url: '/greengrass/v2/deployments?maxResults=0' }, 'OTHER'],
  ['a component that is no ARN', { method: 'GET', url: '/greengrass/v2/components/probe' }, 'OTHER'],
])('%s is a ValidationException', async (_what, request, reason) => {
  const answer = await (await serve())(request);
  expect(answer.status).toBe(400);
  expect(answer.errorType).toBe('ValidationException');
  expect(answer.body).toMatchObject({ reason });
});

test('a component is deleted by a request with a content type and no body', async () => {
  const call = await serve();
  await call(createRequest());
  const url = `/greengrass/v2/components/${encodeURIComponent(ARN)}`;
  expect((await call({ method: 'DELETE', url, headers: JSON_HEADERS })).status).toBe(204);
  expect((await call({ method: 'GET', url })).status).toBe(404);
});

test('pages follow each other until the last', async () => {
  const call = await serve();
  for (const name of ['a', 'b', 'c'])
    await call({
      method: 'POST',
      url: '/greengrass/v2/createComponentVersion',
      payload: {
        inlineRecipe: Buffer.from(
          JSON.stringify({
            RecipeFormatVersion: '2020-01-25',
            ComponentName: name,
            ComponentVersion: '1.0.0',
            Manifests: [],
          }),
        ).toString('base64'),
      },
    });
  const first = (await call({ url: '/greengrass/v2/components?maxResults=2' })).body;
  const next = (await call({ url: `/greengrass/v2/components?maxResults=2&nextToken=${first.nextToken}` }))
    .body;
  const names = [...first.components, ...next.components].map(
    (one: { componentName: string }) => one.componentName,
  );
  expect(names).toEqual(['a', 'b', 'c']);
  expect(next.nextToken).toBeUndefined();
});

test('a caller is refused before anything is done, with the error of AWS', async () => {
  const call = await serve();
  iam.refused = 'greengrass:CreateComponentVersion';
  expect(await call(createRequest())).toEqual({
    status: 403,
    errorType: 'AccessDeniedException',
    body: { message: 'not greengrass:CreateComponentVersion' },
  });
  expect((await call({ url: '/greengrass/v2/components' })).body).toEqual({ components: [] });
});

test("an artifact that the caller may not read cannot be accessed, in Greengrass's words", async () => {
  const call = await serve();
  const recipe = {
    RecipeFormatVersion: '2020-01-25',
    ComponentName: 'com.example.Probe',
    ComponentVersion: '1.0.0',
    Manifests: [{ Artifacts: [{ Uri: 's3://artifacts/probe.bin' }] }],
  };
  iam.refused = 's3:GetObject';
  const answer = await call({
    method: 'POST',
    url: '/greengrass/v2/createComponentVersion',
    payload: { inlineRecipe: Buffer.from(JSON.stringify(recipe)).toString('base64') },
  });
  expect(iam.asked).toContain('s3:GetObject arn:aws:s3:::artifacts/probe.bin');
  expect(answer.status).toBe(400);
  expect(answer.body.message).toBe(
    'Invalid Input: Encountered following errors in Artifacts: {s3://artifacts/probe.bin = Specified artifact resource cannot be accessed}',
  );
});

test('whoever has a link needs no signature', async () => {
  const call = await serve();
  expect((await call({ url: '/artifact-links/none' })).status).toBe(404);
  expect(iam.asked).toEqual([]);
});
