import { S3Client } from '@aws-sdk/client-s3';
import { defaultProvider } from '../../../lambda/shared/environment-credentials';

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

test('a function has the credentials of its role from the environment, and asks it each time', async () => {
  const provider = defaultProvider();
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
  });
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'token' };
  expect(await provider()).toEqual(credentials);
  delete process.env.AWS_SESSION_TOKEN;
  expect(await provider()).toEqual({ accessKeyId: 'key', secretAccessKey: 'secret' });
  // As the SDK's clients take it.
  const client = new S3Client({ region: 'eu-central-1', credentials: defaultProvider() });
  expect(await client.config.credentials()).toMatchObject({ accessKeyId: 'key', secretAccessKey: 'secret' });
});

test.each(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])(
  'without %s it says what is missing',
  async (name) => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', [name]: '' });
    await expect(defaultProvider()()).rejects.toThrow(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: must be set, as Lambda does for a function',
    );
  },
);
