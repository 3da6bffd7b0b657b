/** What a device brings so that the inference component runs on it. The build refuses native files that need more. */

/** Architectures that the component is built for, by the name of Node's platform and architecture. */
export const EDGE_ARCHITECTURES = ['linux-x64', 'linux-arm64'] as const;
export type EdgeArchitecture = (typeof EDGE_ARCHITECTURES)[number];

/**
 * Newest symbol versions that a native file may ask of the libraries of a device, by their family. GLIBC 2.28 is what
 * Node 22 and 24 ask as well: Debian 10, Ubuntu 20.04, Raspberry Pi OS 10 and later have it. GLIBCXX and CXXABI are those
 * of GCC 7, GCC those of its runtime library of GCC 4.5.
 */
export const SYMBOL_VERSIONS = {
  GLIBC: '2.28',
  GLIBCXX: '3.4.22',
  CXXABI: '1.3.11',
  GCC: '4.5.0',
} as const;
export type SymbolFamily = keyof typeof SYMBOL_VERSIONS;

/** Below 0 when `left` is older, 0 when they are the same, above 0 when it is newer; as many numbers as there are. */
export function compareVersions(left: string, right: string): number {
  const numbers = (version: string): number[] => version.split('.').map(Number);
  const [a, b] = [numbers(left), numbers(right)];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
