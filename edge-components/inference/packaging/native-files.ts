/** The shared libraries and Node add-ons of one architecture, as the npm packages bring them. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EdgeArchitecture } from '../../../contracts/edge-platform';
import { installedFolder } from './installed-package';

export interface NativeFile {
  /** Absolute. */
  readonly path: string;
  /** Folder of package-lock.json of the npm package that brings the file. */
  readonly package: string;
}

async function onlyFile(folder: string, pattern: RegExp): Promise<string | undefined> {
  return existsSync(folder) ? (await readdir(folder)).find((name) => pattern.test(name)) : undefined;
}

/** By path in the artifact; undefined when the packages of the architecture are not installed. */
export async function nativeFiles(
  architecture: EdgeArchitecture,
): Promise<ReadonlyMap<string, NativeFile> | undefined> {
  const cpu = architecture.slice('linux-'.length);
  const home = `native/${architecture}`;
  const file = (folder: string, ...parts: string[]): NativeFile => ({
    path: join(installedFolder(folder), ...parts),
    package: folder,
  });
  const sharp = `node_modules/@img/sharp-${architecture}`;
  const libvips = `node_modules/@img/sharp-libvips-${architecture}`;
  const sharpBinding = await onlyFile(join(installedFolder(sharp), 'lib'), /^sharp-.*\.node$/);
  const libvipsLibrary = await onlyFile(join(installedFolder(libvips), 'lib'), /^libvips-cpp\.so/);
  if (!sharpBinding || !libvipsLibrary) return undefined;
  const runtime = (name: string) =>
    file('node_modules/onnxruntime-node', 'bin', 'napi-v6', 'linux', cpu, name);
  const files = new Map([
    [`${home}/onnxruntime_binding.node`, runtime('onnxruntime_binding.node')],
    [`${home}/libonnxruntime.so.1`, runtime('libonnxruntime.so.1')],
    [`${home}/@img/sharp-${architecture}/lib/sharp.node`, file(sharp, 'lib', sharpBinding)],
    [
      `${home}/@img/sharp-libvips-${architecture}/lib/${libvipsLibrary}`,
      file(libvips, 'lib', libvipsLibrary),
    ],
  ]);
  return [...files.values()].every(({ path }) => existsSync(path)) ? files : undefined;
}
