/** What the benchmark of kills needs: the artifact that devices get, small models, and a key that signs releases. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackArtifact } from '../../test/edge-components/device-harness';
import { makeModels, offeredFolder, signingKey } from '../../test/edge-components/release-fixture';
import type { SuiteContext } from '../suite';

export class SupervisionContext implements SuiteContext {
  readonly key = signingKey();
  private offers = 0;

  private constructor(
    /** Holds `inference/`, the unpacked artifact. Short: the path of a Unix socket has at most 107 bytes. */
    readonly folder: string,
  ) {}

  static async prepare(): Promise<SupervisionContext> {
    const context = new SupervisionContext(mkdtempSync(join(tmpdir(), 'kaizen-supervision-')));
    makeModels(context.models);
    await unpackArtifact(context.folder);
    return context;
  }

  /** @returns a folder with a signed release */
  async release(counter: number): Promise<string> {
    const folder = join(this.folder, 'offers', String(++this.offers));
    await offeredFolder(folder, this.models, this.key, { counter, gain: 4 + (counter % 4) });
    return folder;
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get models(): string {
    return join(this.folder, 'models');
  }
}
