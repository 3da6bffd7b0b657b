declare module 'proxy-from-env' {
  /** @returns the proxy for an address by the environment's variables; empty for none */
  export function getProxyForUrl(url: string): string;
}
