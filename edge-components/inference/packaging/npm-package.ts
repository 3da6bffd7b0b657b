/** What the installed packages and the lock file say about an npm package. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installedFolder } from './installed-package';

const ROOT = join(__dirname, '..', '..', '..');

interface LockEntry {
  readonly version?: string;
  /** Subresource integrity of the tarball. */
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface NpmPackage {
  /** Relative to the repository, as in package-lock.json. */
  readonly folder: string;
  /** package.json. */
  readonly manifest: { readonly name: string; readonly version: string; readonly license: string };
  readonly integrity: string;
  /** Folders of the packages that it may load. */
  readonly dependencies: readonly string[];
}

/** Reads package-lock.json once for many packages. */
export class NpmPackages {
  private readonly lock: Readonly<Record<string, LockEntry>> = JSON.parse(
    readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
  ).packages;

  /** @throws Error when the package is installed in another version than the lock's, or does not name its licence */
  read(folder: string): NpmPackage {
    const manifest = JSON.parse(readFileSync(join(installedFolder(folder), 'package.json'), 'utf8'));
    const { version, integrity, ...entry } = this.lock[folder] ?? {};
    if (!integrity || manifest.version !== version) {
      throw new Error(
        `${folder}: ${manifest.version} is installed, package-lock.json has ${version}: run npm run setup`,
      );
    }
    if (typeof manifest.license !== 'string') throw new Error(`${folder}/package.json names no licence`);
    const names = Object.keys({
      ...entry.dependencies,
      ...entry.optionalDependencies,
      ...entry.peerDependencies,
    });
    const dependencies = names.flatMap((name) => this.resolve(folder, name) ?? []);
    return { folder, manifest, integrity, dependencies };
  }

  /** As Node does: the nearest node_modules that has it. */
  private resolve(folder: string, name: string): string | undefined {
    const parts = folder.split('/');
    for (let length = parts.length; length >= 0; length--) {
      if (parts[length - 1] === 'node_modules') continue;
      const candidate = [...parts.slice(0, length), 'node_modules', name].join('/');
      if (this.lock[candidate]) return candidate;
    }
    return undefined;
  }
}
