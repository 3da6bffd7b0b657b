/** The artifact that devices get, built and unpacked as a nucleus would. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { unpackArtifact } from '../../test/edge-components/device-harness';
import { WORK_FOLDER } from '../recipe';

export class Artifact {
  private constructor(
    /** Holds `inference/`, the unpacked artifact. */
    readonly folder: string,
  ) {}

  static async build(): Promise<Artifact> {
    const folder = join(WORK_FOLDER, 'artifact');
    rmSync(join(folder, 'inference'), { recursive: true, force: true });
    await unpackArtifact(folder);
    return new Artifact(folder);
  }

  /** Of the process in which a graph runs. */
  get hostProgram(): string {
    return join(this.folder, 'inference', 'inference-host.cjs');
  }

  /** Of the process in which images are decoded. */
  get decoderProgram(): string {
    return join(this.folder, 'inference', 'decoder-host.cjs');
  }

  /** Bytes of every file, by its path in the artifact. */
  sizes(): Map<string, number> {
    const root = join(this.folder, 'inference');
    const paths = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return new Map(paths.map((path) => [relative(root, path), statSync(path).size]));
  }
}
