/** The network sockets of a process and its descendants, from Linux's files below /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const PROTOCOLS = ['tcp', 'tcp6', 'udp', 'udp6'];

const orNothing = <Value>(read: () => readonly Value[]): readonly Value[] => {
  try {
    return read();
  } catch {
    return []; // it has ended meanwhile
  }
};

function descendantsOf(processId: number): number[] {
  const children = orNothing(() => readdirSync(`/proc/${processId}/task`)).flatMap((task) =>
    orNothing(() =>
      readFileSync(`/proc/${processId}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    ),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Inode numbers. */
const socketsOf = (processId: number): readonly string[] =>
  orNothing(() => readdirSync(`/proc/${processId}/fd`)).flatMap((descriptor) =>
    orNothing(() => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${processId}/fd/${descriptor}`))?.[1];
      return inode === undefined ? [] : [inode];
    }),
  );

/** @returns of each, protocol and remote port (proc(5), /proc/net/tcp): `tcp 443`, 0 where it has no remote side */
export function networkSockets(processId: number): string[] {
  const inodes = new Set([processId, ...descendantsOf(processId)].flatMap(socketsOf));
  return PROTOCOLS.flatMap((protocol) =>
    orNothing(() => readFileSync(`/proc/${processId}/net/${protocol}`, 'utf8').trim().split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => inodes.has(fields[9] as string))
      .map((fields) => `${protocol} ${Number.parseInt((fields[2] as string).split(':')[1] as string, 16)}`),
  );
}

/** Looks every few milliseconds until it is told to stop. @returns ends it and answers what was seen */
export function watchSockets(processId: number): () => string[] {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const socket of networkSockets(processId)) seen.add(socket);
  }, 5);
  return () => {
    clearInterval(timer);
    return [...seen].sort();
  };
}
