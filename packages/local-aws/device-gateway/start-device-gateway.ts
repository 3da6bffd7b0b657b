/**
 * The two endpoints that devices reach over HTTPS with their IoT certificate: the credentials provider and the
 * Greengrass data plane.
 */
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { IoTClient } from '@aws-sdk/client-iot';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Iam, MinistackIam, rootAuthorization } from '../iam/iam';
import type { RunningService } from '../shared/running-service';
import { assumeRole, authorizeCredentials, type RoleAlias } from './credentials-provider';
import { authorizeArtifact, authorizeResolve, authorizeThingGroups } from './data-plane';
import {
  AwsIotRegistry,
  certificateIdOf,
  type DeviceIdentity,
  type IotRegistry,
  identify,
} from './device-identity';
import { Refusal } from './refusal';
import { makeServerCertificate } from './server-certificate';

export interface DeviceGatewayOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Where IoT and IAM answer. */
  readonly awsEndpointUrl: string;
  /** The Greengrass control plane, whose component operations are served to devices. */
  readonly greengrassUrl: string;
  readonly region: string;
  readonly accountId: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Authority that client certificates must chain to. */
  readonly iotCaPem: string;
  /** Role aliases by name, as they are now. */
  readonly roleAliases: () => Promise<ReadonlyMap<string, RoleAlias>>;
}

export interface DeviceGateway extends RunningService {
  /** `https://localhost:<port>`; speaks only to clients with a certificate of IoT. */
  readonly url: string;
  /** Authority of the gateway's own certificate. */
  readonly caPem: string;
}

export async function startDeviceGateway(options: DeviceGatewayOptions): Promise<DeviceGateway> {
  const { region, credentials, awsEndpointUrl: endpoint } = options;
  const iot = new IoTClient({ endpoint, region, credentials });
  const certificate = await makeServerCertificate();
  const server = fastify({
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 2048 },
    https: {
      key: certificate.privateKeyPem,
      cert: certificate.certificatePem,
      ca: options.iotCaPem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
  }) as unknown as FastifyInstance;
  server.setErrorHandler((error, _request, reply) => sendError(reply, error as Error));
  const registry = new AwsIotRegistry(iot);
  addCredentialsRoute(server, options, registry, new MinistackIam(endpoint));
  addDataPlaneRoutes(server, options, registry);
  await server.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return {
    url: `https://localhost:${(server.server.address() as AddressInfo).port}`,
    caPem: certificate.certificatePem,
    stop: async () => {
      await server.close();
      iot.destroy();
    },
  };
}

function deviceOf(registry: IotRegistry, request: FastifyRequest): Promise<DeviceIdentity> {
  const certificate = (request.raw.socket as TLSSocket).getPeerCertificate();
  return identify(registry, certificateIdOf(certificate.raw));
}

function addCredentialsRoute(
  server: FastifyInstance,
  options: DeviceGatewayOptions,
  registry: IotRegistry,
  iam: Iam,
): void {
  server.get<{ Params: { alias: string } }>('/role-aliases/:alias/credentials', async (request) => {
    const { alias } = request.params;
    const aliasArn = `arn:aws:iot:${options.region}:${options.accountId}:rolealias/${alias}`;
    const thingName = request.headers['x-amzn-iot-thingname'] as string | undefined;
    const identity = await deviceOf(registry, request);
    const role = authorizeCredentials(identity, { alias, aliasArn, thingName }, await options.roleAliases());
    return assumeRole(iam, role, identity.certificateId);
  });
}

function addDataPlaneRoutes(
  server: FastifyInstance,
  options: DeviceGatewayOptions,
  registry: IotRegistry,
): void {
  server.post('/greengrass/v2/resolveComponentCandidates', async (request, reply) => {
    authorizeResolve(await deviceOf(registry, request), request.body);
    return forward(options, request, reply);
  });
  server.get<{ Params: { arn: string } }>(
    '/greengrass/v2/components/:arn/artifacts/*',
    async (request, reply) => {
      authorizeArtifact(await deviceOf(registry, request), request.params.arn);
      return forward(options, request, reply);
    },
  );
  server.get<{ Params: { thing: string } }>(
    '/greengrass/v2/coreDevices/:thing/thingGroups',
    async (request) => {
      const { thing } = request.params;
      authorizeThingGroups(options, await deviceOf(registry, request), thing);
      return { thingGroups: await registry.groupsOf(thing) };
    },
  );
}

/** What the device may ask has been judged: the control plane is asked as root. */
async function forward(
  { greengrassUrl, credentials }: DeviceGatewayOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const answer = await fetch(`${greengrassUrl}${request.raw.url}`, {
    method: request.method,
    headers: { ...rootAuthorization(credentials.accessKeyId), 'content-type': 'application/json' },
    ...(request.method === 'POST' && { body: JSON.stringify(request.body) }),
  });
  const errorType = answer.headers.get('x-amzn-errortype');
  if (errorType !== null) reply.header('x-amzn-errortype', errorType);
  return reply
    .code(answer.status)
    .type('application/json')
    .send(await answer.text());
}

const ERROR_TYPES = {
  400: 'ValidationException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
} as const;

function sendError(reply: FastifyReply, error: Error): FastifyReply {
  if (error instanceof Refusal)
    return reply
      .code(error.httpStatus)
      .header('x-amzn-errortype', ERROR_TYPES[error.httpStatus])
      .send({ message: error.message });
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  return reply.code(Math.min(status, 500)).send({ message: `${error.name}: ${error.message}` });
}
