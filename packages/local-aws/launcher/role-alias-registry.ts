/**
 * IoT role aliases: ministack has none. CloudFormation registers them here, the device gateway's credentials
 * provider reads them.
 */
import fastify from 'fastify';
import { listen } from '../shared/listen';
import type { RunningService } from '../shared/running-service';

export interface RoleAlias {
  readonly roleArn: string;
  readonly credentialDurationSeconds: number;
}

export interface RoleAliasRegistry extends RunningService {
  readonly roleAliases: () => Promise<Map<string, RoleAlias>>;
}

interface Route {
  Params: { name: string };
  Body: RoleAlias;
}

const ALIAS_PATH = '/role-aliases/:name([\\w=,@-]{1,128})';

export async function startRoleAliasRegistry(region: string, accountId: string): Promise<RoleAliasRegistry> {
  const aliases = new Map<string, RoleAlias>();
  const server = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 2048 } });
  server.setNotFoundHandler((request, reply) =>
    reply.code(400).send({ message: `not a role alias: ${request.url}` }),
  );
  server.put<Route>(ALIAS_PATH, async ({ params, body }) => {
    aliases.set(params.name, body);
    return { roleAliasArn: `arn:aws:iot:${region}:${accountId}:rolealias/${params.name}` };
  });
  server.delete<Route>(ALIAS_PATH, async ({ params }, reply) => {
    aliases.delete(params.name);
    return reply.code(204).send();
  });
  const running = await listen(server, 0);
  return { ...running, roleAliases: async () => new Map(aliases) };
}
