/** AWS JSON 1.1 over HTTP on 127.0.0.1. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningService } from '../../shared/running-service';
import { invalid, messageOf, SageMakerError } from '../errors';
import { isObject, type JsonObject } from '../json';
import type { Operations } from './operation';
import { checkRequest } from './request-schema';

const TARGET_PREFIX = 'SageMaker.';
/** A pipeline definition may have 1 MiB, and its JSON string more. */
const LARGEST_BODY_BYTES = 8 * 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > LARGEST_BODY_BYTES) throw invalid(`the request has more than ${LARGEST_BODY_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    const body: unknown = JSON.parse(text === '' ? '{}' : text);
    if (isObject(body)) return body;
  } catch (error) {
    throw new SageMakerError('ValidationException', `the request is not JSON: ${messageOf(error)}`);
  }
  throw invalid('the request must be a JSON object');
}

async function answer(operations: Operations, request: IncomingMessage): Promise<JsonObject> {
  const target = String(request.headers['x-amz-target'] ?? '');
  const name = target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : '';
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  const body = await bodyOf(request);
  if (!operation) {
    const known = Object.keys(operations).sort().join(', ');
    throw new SageMakerError(
      'UnknownOperationException',
      `the local SageMaker does not have the operation '${target}'. It has: ${known}`,
    );
  }
  checkRequest(operation.request, body);
  return operation.handle(body);
}

function send(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify(body));
}

export async function serve(operations: Operations, port: number): Promise<RunningService> {
  const server = createServer((request, response) => {
    answer(operations, request).then(
      (body) => send(response, 200, body),
      (error: unknown) => {
        const known = error instanceof SageMakerError;
        const type = known ? error.type : 'InternalFailure';
        send(response, known ? 400 : 500, { __type: type, message: messageOf(error) });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
