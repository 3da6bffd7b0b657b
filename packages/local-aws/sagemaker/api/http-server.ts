/** AWS JSON 1.1 over HTTP on 127.0.0.1. */
import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { SignedRequest } from '../../iam/iam';
import { listen } from '../../shared/listen';
import type { RunningService } from '../../shared/running-service';
import { invalid, messageOf, SageMakerError } from '../errors';
import { isObject, type JsonObject } from '../json';
import type { Operation, Operations } from './operation';
import { checkRequest } from './request-schema';

const CONTENT_TYPE = 'application/x-amz-json-1.1';
const TARGET_PREFIX = 'SageMaker.';
/** A pipeline definition may have 1 MiB, and its JSON string more. */
const LARGEST_BODY_BYTES = 8 * 1024 * 1024;

function parseBody(text: string): JsonObject {
  let body: unknown;
  try {
    body = JSON.parse(text === '' ? '{}' : text);
  } catch (error) {
    throw invalid(`the request is not JSON: ${messageOf(error)}`);
  }
  if (isObject(body)) return body;
  throw invalid('the request must be a JSON object');
}

function operationOf(operations: Operations, target: string): Operation & { readonly name: string } {
  const name = target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : '';
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation) return { ...operation, name };
  const known = Object.keys(operations).sort().join(', ');
  throw new SageMakerError(
    'UnknownOperationException',
    `the local SageMaker does not have the operation '${target}'. It has: ${known}`,
  );
}

function send(reply: FastifyReply, status: number, body: JsonObject): FastifyReply {
  reply.code(status).header('content-type', CONTENT_TYPE).header('x-amzn-requestid', randomUUID());
  // As bytes: to text the framework would add a character set, which AWS does not name.
  return reply.send(Buffer.from(JSON.stringify(body)));
}

function sendError(reply: FastifyReply, error: Error): FastifyReply {
  const refused =
    (error as { code?: string }).code === 'FST_ERR_CTP_BODY_TOO_LARGE'
      ? invalid(`the request has more than ${LARGEST_BODY_BYTES} bytes`)
      : error;
  if (refused instanceof SageMakerError) {
    return send(reply, 400, { __type: refused.type, message: refused.message });
  }
  return send(reply, 500, { __type: 'InternalFailure', message: messageOf(refused) });
}

/** Whether the caller may do it. @throws SageMakerError as AWS refuses it */
export type Authorize = (caller: SignedRequest, operation: string, request: JsonObject) => Promise<void>;

/** Every request is a POST to the root in AWS; the operation is in a header, whatever the rest says. */
export function buildServer(operations: Operations, authorize: Authorize): FastifyInstance {
  const server = fastify({ forceCloseConnections: true, bodyLimit: LARGEST_BODY_BYTES });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text));
  server.setErrorHandler((error, _request, reply) => sendError(reply, error as Error));
  server.all<{ Body: string | undefined }>('*', async ({ headers, method, raw, body = '' }, reply) => {
    const request = parseBody(body);
    const operation = operationOf(operations, String(headers['x-amz-target'] ?? ''));
    checkRequest(operation.request, request);
    await authorize(
      { method, url: raw.url ?? '/', rawHeaders: raw.rawHeaders, body },
      operation.name,
      request,
    );
    return send(reply, 200, await operation.handle(request));
  });
  return server;
}

/** @throws Error when the port is taken */
export async function serve(
  operations: Operations,
  authorize: Authorize,
  port: number,
): Promise<RunningService> {
  return listen(buildServer(operations, authorize), port);
}
