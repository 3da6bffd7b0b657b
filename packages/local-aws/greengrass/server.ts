/** The REST-JSON surface: URIs, status codes and error shapes of the Greengrass V2 service model. */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type AccessCheck, AccessRefused, type Iam, type SignedRequest } from '../iam/iam';
import { type AccessRequest, artifactCheck, type GreengrassAccess, OPERATIONS } from './access';
import type { ComponentOperations } from './component-operations';
import type { CoreDeviceOperations } from './core-device-operations';
import type { DeploymentOperations } from './deployment-operations';
import { invalid, ServiceError } from './errors';
import type { TagStore } from './tag-store';

export interface Operations {
  readonly components: ComponentOperations;
  readonly deployments: DeploymentOperations;
  readonly coreDevices: CoreDeviceOperations;
  readonly tags: TagStore;
}

/** Largest request of the model: a component configuration of 10 MB. */
const LARGEST_BODY_BYTES = 12 * 1024 * 1024;

/** Query parameters of a request; those not in the model are ignored, as by AWS. */
type Query = Record<string, string | undefined>;
type Route<Params extends string = string, Body = unknown> = {
  Params: Record<Params, string>;
  Querystring: Query;
  Body: Body;
};

/** What judges requests, and by what. */
export interface Authorization {
  readonly iam: Pick<Iam, 'authorize'>;
  readonly access: GreengrassAccess;
}

/** Whoever has such a link may follow it, as a presigned URL of S3. */
const LINK = '/artifact-links/:token';

/** The text of a request's body, which its signature covers. */
const bodies = new WeakMap<FastifyRequest, string>();

export function buildServer(
  operations: Operations,
  authorization: Authorization,
  serviceUrl: () => string,
): FastifyInstance {
  const server = fastify({
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    bodyLimit: LARGEST_BODY_BYTES,
    routerOptions: { maxParamLength: 2048 },
  });
  // The SDK sends a content type with DELETE requests that have no body.
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    bodies.set(request, text as string);
    try {
      done(null, text === '' ? {} : JSON.parse(text as string));
    } catch (error) {
      done(invalid(`Invalid Input: the body is not JSON: ${(error as Error).message}`, 'CANNOT_PARSE'));
    }
  });
  server.setReplySerializer((payload) => JSON.stringify(withEpochSeconds(payload)));
  server.setErrorHandler((error, _request, reply) => sendError(reply, error as Error));
  server.setNotFoundHandler((request, reply) =>
    sendError(reply, invalid(`No operation at ${request.method} ${request.url}`, 'UNKNOWN_OPERATION')),
  );
  addAuthorization(server, authorization);
  addComponentRoutes(server, operations.components, authorization.iam, serviceUrl);
  addDeploymentRoutes(server, operations.deployments);
  addCoreDeviceRoutes(server, operations.coreDevices);
  addTagRoutes(server, operations.tags);
  return server;
}

const callerOf = (request: FastifyRequest): SignedRequest => ({
  method: request.method,
  url: request.raw.url ?? '/',
  rawHeaders: request.raw.rawHeaders,
  body: bodies.get(request) ?? '',
});

/** Before the routes are added: each must be an operation that callers can be judged for. */
function addAuthorization(server: FastifyInstance, { iam, access }: Authorization): void {
  server.addHook('onRoute', ({ method, url }) => {
    if (url !== LINK && OPERATIONS[`${method} ${url}`] === undefined)
      throw new Error(`nobody has said who may call ${method} ${url}`);
  });
  server.addHook('preHandler', async (request) => {
    const operation = OPERATIONS[`${request.method} ${request.routeOptions.url}`];
    if (operation === undefined) return;
    await iam.authorize(callerOf(request), access.checks(operation, request as AccessRequest));
  });
}

/** Whether the caller itself may read an artifact: Greengrass has no rights of its own there. */
function mayRead(iam: Authorization['iam'], request: FastifyRequest): (uri: string) => Promise<boolean> {
  return async (uri) => {
    const check: AccessCheck = artifactCheck(uri);
    return iam.authorize(callerOf(request), [check]).then(
      () => true,
      (error: Error) => {
        if (error instanceof AccessRefused) return false;
        throw error;
      },
    );
  };
}

function addComponentRoutes(
  server: FastifyInstance,
  components: ComponentOperations,
  iam: Authorization['iam'],
  serviceUrl: () => string,
): void {
  const root = '/greengrass/v2/components';
  server.post<Route>('/greengrass/v2/createComponentVersion', async (request, reply) => {
    reply.code(201);
    const body = (request.body ?? {}) as Parameters<ComponentOperations['create']>[0];
    return components.create(body, mayRead(iam, request));
  });
  server.post<Route>('/greengrass/v2/resolveComponentCandidates', async ({ body }) =>
    components.resolve((body ?? {}) as Parameters<ComponentOperations['resolve']>[0]),
  );
  server.get<Route>(root, async ({ query }) => components.list(query));
  server.get<Route<'arn'>>(`${root}/:arn`, async ({ params, query }) =>
    components.get(params.arn, query.recipeOutputFormat),
  );
  server.get<Route<'arn'>>(`${root}/:arn/metadata`, async ({ params }) => components.describe(params.arn));
  server.get<Route<'arn'>>(`${root}/:arn/versions`, async ({ params, query }) =>
    components.listVersions(params.arn, query),
  );
  server.delete<Route<'arn'>>(`${root}/:arn`, async ({ params }, reply) => {
    components.delete(params.arn);
    return reply.code(204).send();
  });
  server.get<Route<'arn' | '*'>>(`${root}/:arn/artifacts/*`, async ({ params }) =>
    components.artifactLink(params.arn, params['*'], serviceUrl()),
  );
  server.get<Route<'token'>>(LINK, async ({ params }, reply) =>
    reply.type('application/octet-stream').send(await components.readLink(params.token)),
  );
}

function addDeploymentRoutes(server: FastifyInstance, deployments: DeploymentOperations): void {
  const root = '/greengrass/v2/deployments';
  server.post<Route>(root, async ({ body }, reply) => {
    reply.code(201);
    return deployments.create(body);
  });
  server.get<Route>(root, async ({ query }) => deployments.list(query));
  server.get<Route<'id'>>(`${root}/:id`, async ({ params }) => deployments.get(params.id));
  server.post<Route<'id'>>(`${root}/:id/cancel`, async ({ params }) => deployments.cancel(params.id));
  server.delete<Route<'id'>>(`${root}/:id`, async ({ params }, reply) => {
    await deployments.delete(params.id);
    return reply.code(204).send();
  });
}

function addCoreDeviceRoutes(server: FastifyInstance, devices: CoreDeviceOperations): void {
  const root = '/greengrass/v2/coreDevices';
  server.get<Route>(root, async ({ query }) => devices.list(query));
  server.get<Route<'thing'>>(`${root}/:thing`, async ({ params }) => devices.get(params.thing));
  server.delete<Route<'thing'>>(`${root}/:thing`, async ({ params }, reply) => {
    devices.delete(params.thing);
    return reply.code(204).send();
  });
  server.get<Route<'thing'>>(`${root}/:thing/effectiveDeployments`, async ({ params, query }) =>
    devices.listEffectiveDeployments(params.thing, query),
  );
  server.get<Route<'thing'>>(`${root}/:thing/installedComponents`, async ({ params, query }) =>
    devices.listInstalledComponents(params.thing, query),
  );
}

function addTagRoutes(server: FastifyInstance, tags: TagStore): void {
  server.get<Route<'arn'>>('/tags/:arn', async ({ params }) => ({ tags: tags.of(params.arn) }));
  server.post<Route<'arn', { tags?: Record<string, string> }>>('/tags/:arn', async ({ params, body }) => {
    tags.add(params.arn, body?.tags ?? {});
    return {};
  });
  server.delete<{ Params: { arn: string }; Querystring: { tagKeys?: string | string[] } }>(
    '/tags/:arn',
    async ({ params, query }) => {
      tags.remove(params.arn, [query.tagKeys ?? []].flat());
      return {};
    },
  );
}

function sendError(reply: FastifyReply, error: Error): FastifyReply {
  if (error instanceof ServiceError) {
    reply.code(error.httpStatus).header('x-amzn-errortype', error.name);
    return reply.send({ message: error.message, ...error.members });
  }
  if (error instanceof AccessRefused)
    return sendError(reply, new ServiceError(error.code, 403, error.message));
  const status = (error as { statusCode?: number }).statusCode;
  if (status !== undefined && status < 500)
    return sendError(reply, invalid(`Invalid Input: ${error.message}`, 'CANNOT_PARSE'));
  reply.code(500).header('x-amzn-errortype', 'InternalServerException');
  return reply.send({ message: `${error.name}: ${error.message}`, retryAfterSeconds: 1 });
}

/** REST-JSON writes a timestamp as seconds since the epoch, with a fraction. */
function withEpochSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(withEpochSeconds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withEpochSeconds(member)]));
}
