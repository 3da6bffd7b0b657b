import { type RoleAliasRegistry, startRoleAliasRegistry } from '../../launcher/role-alias-registry';

let registry: RoleAliasRegistry;
beforeAll(async () => {
  registry = await startRoleAliasRegistry('us-east-1', '000000000000');
});
afterAll(() => registry.stop());

const alias = { roleArn: 'arn:aws:iam::000000000000:role/devices', credentialDurationSeconds: 900 };
const call = (method: string, path: string, body?: object) =>
  fetch(`${registry.url}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

test('an alias is put, read and taken away', async () => {
  const put = await call('PUT', '/role-aliases/line=1,a@b-c', alias);
  expect(await put.json()).toEqual({
    roleAliasArn: 'arn:aws:iot:us-east-1:000000000000:rolealias/line=1,a@b-c',
  });
  expect(await registry.roleAliases()).toEqual(new Map([['line=1,a@b-c', alias]]));
  expect((await call('DELETE', '/role-aliases/line=1,a@b-c')).status).toBe(204);
  expect((await registry.roleAliases()).size).toBe(0);
});

test.each(['/role-aliases/a%20b', `/role-aliases/${'a'.repeat(129)}`, '/role-aliases/', '/'])(
  '%s is no alias',
  async (path) => {
    const answer = await call('PUT', path, alias);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ message: `not a role alias: ${path}` });
    expect((await registry.roleAliases()).size).toBe(0);
  },
);
