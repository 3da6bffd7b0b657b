import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Below it lie the ports of well-known services. */
const FIRST_PORT = 10_000;
/** A local AWS asks for five: processes whose ids follow one another do not try each other's. */
const PORTS_OF_A_PROCESS = 64;
/** Linux's own default, for a system that does not say. */
const DEFAULT_EPHEMERAL = 32_768;

let tried = 0;

/**
 * A TCP port on 127.0.0.1 that nothing listens on, for programs that cannot bind port 0 and tell; our own services
 * bind port 0 themselves.
 *
 * The kernel gives ports of its ephemeral range to whoever connects or binds port 0. One that was free there a moment
 * ago is another program's local end a second later, when the program that it was meant for comes to bind it. This
 * one lies below that range, where only who names a port gets it.
 *
 * @throws Error when all of them are taken
 */
export async function freePort(): Promise<number> {
  const ports = portsBelow(firstEphemeralPort());
  for (let tries = 0; tries < ports; tries++) {
    const port = candidatePort(process.pid, tried++, ports);
    if (await canBind(port)) return port;
  }
  throw new Error(`no TCP port of 127.0.0.1 from ${FIRST_PORT} to ${FIRST_PORT + ports - 1} is free`);
}

/** Which port a process tries as its n-th, of so many from {@link FIRST_PORT} on. Pure. */
export const candidatePort = (processId: number, n: number, ports: number): number =>
  FIRST_PORT + ((processId * PORTS_OF_A_PROCESS + n) % ports);

/** How many ports lie between {@link FIRST_PORT} and the ephemeral ones; all that there are where none do. Pure. */
export const portsBelow = (ephemeral: number): number =>
  (ephemeral > FIRST_PORT + PORTS_OF_A_PROCESS ? ephemeral : 65_536) - FIRST_PORT;

function firstEphemeralPort(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
  } catch {
    return DEFAULT_EPHEMERAL;
  }
}

function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
