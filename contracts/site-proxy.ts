/**
 * The way to AWS from a site with a proxy. The AWS SDK knows nothing of HTTPS_PROXY, ALL_PROXY and NO_PROXY, which operators
 * set for their shell and a Greengrass nucleus with a proxy sets for its components.
 */
import type { Agent as HttpAgent } from 'node:http';
import { globalAgent } from 'node:https';
import { Agent, type AgentConnectOpts } from 'agent-base';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'] as const;
/** As many as a client of the SDK opens at most. */
const MOST_CONNECTIONS = 50;

/**
 * An agent that opens a tunnel through the proxy to every host but those of NO_PROXY.
 * @returns undefined when the environment names no proxy for https, so that everything stays as it was. Addresses that begin
 *   with http:// take no proxy: AWS has none of them, only the local AWS and the nucleus's services do
 */
export function siteProxy(environment: NodeJS.ProcessEnv = process.env): Agent | undefined {
  return VARIABLES.some((name) => environment[name]) ? new SiteProxy() : undefined;
}

class SiteProxy extends Agent {
  private readonly proxies = new Map<string, HttpsProxyAgent<string>>();

  override connect(_: unknown, { host = '', port }: AgentConnectOpts): HttpAgent {
    const address = getProxyForUrl(`https://${host}:${port}`);
    return address === '' ? globalAgent : this.proxyAt(address);
  }

  /** One for each address, so that tunnels are used again. @throws Error that names the variable and not its password */
  private proxyAt(address: string): HttpsProxyAgent<string> {
    const known = this.proxies.get(address);
    if (known) return known;
    if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) {
      throw new Error('HTTPS_PROXY or ALL_PROXY: must be an address that begins with http:// or https://');
    }
    const proxy = new HttpsProxyAgent(address, { keepAlive: true, maxSockets: MOST_CONNECTIONS });
    this.proxies.set(address, proxy);
    return proxy;
  }
}
