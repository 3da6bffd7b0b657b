/** Whether native files run where the artifact is said to run. */
import { basename } from 'node:path';
import {
  compareVersions,
  type EdgeArchitecture,
  SYMBOL_VERSIONS,
  type SymbolFamily,
} from '../../../contracts/edge-platform';
import { type NeededVersion, readElf } from './elf-file';

/** The C and C++ libraries, which Node itself cannot do without; the dynamic linker has a name per architecture. */
const OF_THE_DEVICE =
  /^(lib(c|m|dl|pthread|resolv|rt|stdc\+\+|gcc_s)\.so\.\d+|ld-linux-[a-z0-9-]+\.so\.\d+)$/;

/**
 * Every way in which a native file would not load on a device of this architecture, each with its path.
 * @param files by path in the artifact: all of them, because they load each other
 */
export function nativeProblems(
  architecture: EdgeArchitecture,
  files: ReadonlyMap<string, Uint8Array>,
): string[] {
  const own = new Set([...files.keys()].map((path) => basename(path)));
  return [...files].flatMap(([path, bytes]) =>
    problemsOf(architecture, own, bytes).map((problem) => `${path}: ${problem}`),
  );
}

function problemsOf(architecture: EdgeArchitecture, own: ReadonlySet<string>, bytes: Uint8Array): string[] {
  try {
    const file = readElf(bytes);
    const machine =
      file.architecture === architecture
        ? []
        : [`must be for ${architecture}, is for ${file.architecture ?? 'another machine'}`];
    const strangers = file.neededLibraries.filter((name) => !own.has(name) && !OF_THE_DEVICE.test(name));
    return [
      ...machine,
      ...strangers.map((name) => `needs ${name}, which neither the artifact nor every device has`),
      ...file.neededVersions.filter(({ library }) => !own.has(library)).flatMap(tooNew),
    ];
  } catch (error) {
    return [(error as Error).message];
  }
}

function tooNew({ library, version: name }: NeededVersion): string[] {
  const [, family = '', version] = /^([A-Z]+)_(\d[\d.]*)$/.exec(name) ?? [];
  const newest = SYMBOL_VERSIONS[family as SymbolFamily];
  if (version === undefined || newest === undefined) {
    return [`needs ${name} of ${library}, which no device promises`];
  }
  if (compareVersions(version, newest) <= 0) return [];
  return [`needs ${name}, and devices have ${family}_${newest} (contracts/edge-platform.ts)`];
}

/** @throws Error with every problem */
export function checkNativeFiles(
  architecture: EdgeArchitecture,
  files: ReadonlyMap<string, Uint8Array>,
): void {
  const problems = nativeProblems(architecture, files);
  if (problems.length > 0) {
    throw new Error(`native files of ${architecture}:\n${problems.map((one) => `  - ${one}`).join('\n')}`);
  }
}
