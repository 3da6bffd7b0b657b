/** AWS JSON 1.1: what goes over the wire, whatever the operation. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Authorize, serve } from '../../sagemaker/api/http-server';
import type { Operations } from '../../sagemaker/api/operation';
import { conflict, SageMakerError } from '../../sagemaker/errors';
import type { RunningService } from '../../shared/running-service';

/** Lets everybody do everything but what is called Secret. */
const authorize: Authorize = async (_caller, operation) => {
  if (operation === 'Secret') throw new SageMakerError('AccessDeniedException', 'User: ...');
};

const OPERATIONS = {
  Secret: { request: { type: 'object' }, handle: () => ({ Said: 'it' }) },
  Echo: {
    request: { type: 'object', properties: { Word: { type: 'string' } }, additionalProperties: false },
    handle: ({ Word = null }) => ({ Said: Word }),
  },
  Refuse: {
    request: { type: 'object' },
    handle: () => {
      throw conflict('it runs');
    },
  },
  Break: {
    request: { type: 'object' },
    handle: async () => {
      throw new TypeError('a fault of ours');
    },
  },
} satisfies Operations;

let service: RunningService;
beforeAll(async () => {
  service = await serve(OPERATIONS, authorize, 0);
});
afterAll(() => service.stop());

async function call(target: string | undefined, body: string, headers: Record<string, string> = {}) {
  const answer = await fetch(service.url, {
    method: 'POST',
    // Bytes, which get no content type of their own.
    body: Buffer.from(body),
    headers: { ...(target !== undefined && { 'x-amz-target': target }), ...headers },
  });
  expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.1');
  expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  return { status: answer.status, body: await answer.json() };
}

test.each(['application/x-amz-json-1.1', 'application/json', 'text/plain', undefined])(
  'the body is JSON, also when it is called %s',
  async (type) => {
    const headers = type === undefined ? {} : { 'content-type': type };
    expect(await call('SageMaker.Echo', '{"Word":"yes"}', headers)).toEqual({
      status: 200,
      body: { Said: 'yes' },
    });
  },
);

test('no body is an empty request', async () => {
  expect(await call('SageMaker.Echo', '')).toEqual({ status: 200, body: { Said: null } });
});

test.each([
  ['not JSON', 'SageMaker.Echo', '{', 400, 'ValidationException', /^the request is not JSON: /],
  ['a list', 'SageMaker.Echo', '[]', 400, 'ValidationException', /^the request must be a JSON object$/],
  ['an unknown field', 'SageMaker.Echo', '{"Wort":"x"}', 400, 'ValidationException', /Wort/],
  [
    'no operation',
    undefined,
    '{}',
    400,
    'UnknownOperationException',
    /operation ''. It has: Break, Echo, Refuse, Secret$/,
  ],
  ["another service's", 'Sage.Echo', '{}', 400, 'UnknownOperationException', /operation 'Sage.Echo'/],
  ["an object's own", 'SageMaker.toString', '{}', 400, 'UnknownOperationException', /toString/],
  ['what its caller may not do', 'SageMaker.Secret', '{}', 400, 'AccessDeniedException', /^User: \.\.\.$/],
  ['a refusal', 'SageMaker.Refuse', '{}', 400, 'ConflictException', /^it runs$/],
  ['a fault', 'SageMaker.Break', '{}', 500, 'InternalFailure', /^a fault of ours$/],
])('%s', async (_case, target, payload, status, type, message) => {
  expect(await call(target, payload)).toEqual({
    status,
    body: { __type: type, message: expect.stringMatching(message) },
  });
});

test('a request that says that it is too large is refused with the limit', async () => {
  const refused = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const sending = request(service.url, {
      method: 'POST',
      headers: { 'content-length': 8 * 1024 * 1024 + 1 },
    });
    sending.on('error', reject);
    sending.on('response', (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
    });
    sending.flushHeaders();
  });
  expect(refused.status).toBe(400);
  expect(JSON.parse(refused.body)).toEqual({
    __type: 'ValidationException',
    message: 'the request has more than 8388608 bytes',
  });
});
