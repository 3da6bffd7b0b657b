/** inference.json, which the build writes and synthesis reads: what lies in dist/edge. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EdgeArchitecture } from '../../../contracts/edge-platform';

export const DESCRIPTION_FILE = 'inference.json';

/** The artifact of one architecture. */
export interface ArchitectureArtifact {
  /** Name of the zip, in the folder of the description. */
  readonly file: string;
  /** Of the zip. */
  readonly sha256: string;
  /** Of the zip. */
  readonly bytes: number;
  readonly unpackedBytes: number;
  /** unpackedBytes / bytes of the files without which no frame can be answered. */
  readonly sizeRatio: number;
  /** SHA-256 over the names and digests of the files inside: the key under which a build is reused. */
  readonly contentSha256: string;
}

export interface ArtifactDescription {
  /** `1.<a>.<b>` from the content of all architectures: the same content has the same version. */
  readonly version: string;
  readonly architectures: Readonly<Partial<Record<EdgeArchitecture, ArchitectureArtifact>>>;
}

/** Undefined when there is no build in the folder, or one that an older version of this code made. */
export function readDescription(folder: string): ArtifactDescription | undefined {
  const path = join(folder, DESCRIPTION_FILE);
  if (!existsSync(path)) return undefined;
  const description = JSON.parse(readFileSync(path, 'utf8')) as ArtifactDescription;
  return Array.isArray(description.architectures) ? undefined : description;
}

/**
 * The artifacts of these architectures, in their order.
 * @throws Error when there is no build, or it has none for one of them
 */
export function requireArtifacts(
  description: ArtifactDescription | undefined,
  architectures: readonly EdgeArchitecture[],
): [EdgeArchitecture, ArchitectureArtifact][] {
  if (!description) {
    throw new Error('the inference component is missing (dist/edge/inference.json): run `npm run build`');
  }
  return architectures.map((architecture) => {
    const artifact = description.architectures[architecture];
    if (!artifact) {
      throw new Error(
        `registry.architectures: ${architecture} needs an artifact of the inference component, got those of ${Object.keys(description.architectures).join(', ') || 'none'} (dist/edge/inference.json): run \`npm run build\`, which also installs what is missing`,
      );
    }
    return [architecture, artifact];
  });
}
