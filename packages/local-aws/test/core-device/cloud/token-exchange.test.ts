import { startTokenExchangeServer } from '../../../core-device/cloud/token-exchange-server';
import { CredentialCache, type TemporaryCredentials } from '../../../shared/credential-cache';
import type { RunningService } from '../../../shared/running-service';

const HOUR = 3_600_000;

function source(expiresInMilliseconds: number, now: () => number) {
  const counter = { calls: 0 };
  const fetch = async (): Promise<TemporaryCredentials> => {
    counter.calls += 1;
    return {
      accessKeyId: `key-${counter.calls}`,
      secretAccessKey: 'secret',
      sessionToken: 'session',
      expiration: new Date(now() + expiresInMilliseconds).toISOString(),
    };
  };
  return { counter, fetch };
}

test('credentials are fetched once however many ask, and again before they end', async () => {
  let now = 0;
  const { counter, fetch } = source(HOUR, () => now);
  const cache = new CredentialCache(fetch, () => now);
  await Promise.all([cache.get(), cache.get(), cache.get()]);
  now = HOUR - 6 * 60_000;
  await cache.get();
  expect(counter.calls).toBe(1);
  now = HOUR - 4 * 60_000;
  expect((await cache.get()).accessKeyId).toBe('key-2');
});

test('a failure is not remembered', async () => {
  let fails = true;
  const { fetch } = source(HOUR, () => 0);
  const cache = new CredentialCache(
    () => (fails ? Promise.reject(new Error('offline')) : fetch()),
    () => 0,
  );
  await expect(cache.get()).rejects.toThrow('offline');
  fails = false;
  expect((await cache.get()).accessKeyId).toBe('key-1');
});

describe('the token exchange service', () => {
  let server: RunningService;
  let working = true;
  beforeAll(async () => {
    const { fetch } = source(0, () => 0);
    const cache = new CredentialCache(
      () => (working ? fetch() : Promise.reject(new Error('offline'))),
      () => 0,
    );
    server = await startTokenExchangeServer(cache, (token) => token === 'known');
  });
  afterAll(() => server.stop());
  const ask = (headers: Record<string, string>, method = 'GET', url = server.url) =>
    fetch(url, { method, headers });

  test('gives credentials to a component', async () => {
    const answer = await ask({ authorization: 'known' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({
      AccessKeyId: 'key-1',
      SecretAccessKey: 'secret',
      Token: 'session',
      Expiration: new Date(0).toISOString(),
    });
  });

  test.each([
    ['no token', {}, 403],
    ['a wrong token', { authorization: 'guessed' }, 403],
  ])('%s: %#', async (_case, headers, status) => {
    const answer = await ask(headers as Record<string, string>);
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain('secret');
  });

  test('another path, another method, no cloud', async () => {
    expect((await ask({ authorization: 'known' }, 'GET', `${server.url}x`)).status).toBe(404);
    expect((await ask({ authorization: 'known' }, 'POST')).status).toBe(405);
    working = false;
    expect((await ask({ authorization: 'known' })).status).toBe(500);
    working = true;
  });
});
