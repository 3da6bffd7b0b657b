/**
 * IoT role aliases: ministack has none. CloudFormation registers them here, the device gateway's credentials
 * provider reads them.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningService } from '../shared/running-service';

export interface RoleAlias {
  readonly roleArn: string;
  readonly credentialDurationSeconds: number;
}

export interface RoleAliasRegistry extends RunningService {
  readonly roleAliases: () => Promise<Map<string, RoleAlias>>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export async function startRoleAliasRegistry(region: string, accountId: string): Promise<RoleAliasRegistry> {
  const aliases = new Map<string, RoleAlias>();
  const server = createServer(async (request, response) => {
    const name = /^\/role-aliases\/([\w=,@-]{1,128})$/.exec(request.url ?? '')?.[1];
    if (name === undefined) {
      response.writeHead(400).end(JSON.stringify({ message: `not a role alias: ${request.url}` }));
    } else if (request.method === 'DELETE') {
      aliases.delete(name);
      response.writeHead(204).end();
    } else {
      aliases.set(name, JSON.parse(await bodyOf(request)) as RoleAlias);
      response.end(JSON.stringify({ roleAliasArn: `arn:aws:iot:${region}:${accountId}:rolealias/${name}` }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    roleAliases: async () => new Map(aliases),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
