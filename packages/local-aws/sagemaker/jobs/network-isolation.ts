/**
 * `EnableNetworkIsolation`: the containers of a job reach each other and nothing else, and have no credentials; inputs
 * and outputs are moved outside of them (docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html).
 * Here the job's processes share a network namespace of their own. Where the machine gives none, such a job is refused.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type JsonObject, objectOf } from '../json';
import type { HostCommand } from './host-process';

const PROGRAM = join(__dirname, 'network_namespace.py');
/** Root of a user namespace may make others, and is nobody outside of it. */
const OWN_NETWORK = ['--user', '--map-root-user', '--net'];
/** What the SDK in a container knows of AWS and still has without a network. */
const KEPT_VARIABLES = ['AWS_REGION', 'AWS_DEFAULT_REGION'];

/** Whether a training or processing job is to have no network. */
export const isNetworkIsolated = (request: JsonObject): boolean =>
  request.EnableNetworkIsolation === true || objectOf(request.NetworkConfig).EnableNetworkIsolation === true;

/** The network of one job's hosts. */
export interface IsolatedNetwork {
  /** The same command, inside. */
  enter(command: HostCommand): HostCommand;
  /** Nobody may be inside any more. */
  close(): Promise<void>;
}

/**
 * @param python any interpreter of this machine
 * @param unshare the command of util-linux
 * @throws Error ClientError when this machine does not let it cut anything off
 */
export async function openIsolatedNetwork(python: string, unshare = 'unshare'): Promise<IsolatedNetwork> {
  const holder = spawn(unshare, [...OWN_NETWORK, '--', python, PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said: string[] = [];
  holder.stderr.on('data', (chunk) => said.push(String(chunk)));
  // It may have ended before it is asked to.
  holder.stdin.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    holder.once('error', (error) => resolve(error.message));
    holder.once('close', (status) => resolve(said.join('').trim() || `exit code ${status}`));
  });
  const refusal = await Promise.race([once(holder.stdout, 'data').then(() => undefined), ended]);
  if (refusal !== undefined) {
    throw new Error(
      `ClientError: EnableNetworkIsolation cannot be kept on this machine, which gives no network namespace: ${refusal}. Allow unprivileged user namespaces (user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns), or run the job without isolation`,
    );
  }
  const inside = ['--preserve-credentials', '--user', '--net', '--target', String(holder.pid), '--'];
  return {
    enter: ({ command, arguments: given, environment, ...rest }) => ({
      ...rest,
      command: 'nsenter',
      arguments: [...inside, command, ...given],
      environment: Object.fromEntries(
        Object.entries(environment).filter(
          ([name]) => !name.startsWith('AWS_') || KEPT_VARIABLES.includes(name),
        ),
      ),
    }),
    close: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}
