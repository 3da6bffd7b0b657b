import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfPresent, replaceFile } from '../shared/durable-file';
import { LARGEST_DOCUMENT_BYTES } from './configuration-document';
import type { DocumentFiles } from './document-keeper';

/** Among the artifacts of a configuration component. */
const OFFERED_FILE = 'configuration.json';
/** Beside the states of the use cases, because it is one for all of them. */
const KEPT_FILE = 'configuration-document.json';

/** Documents on disk. */
export class DocumentFolder implements DocumentFiles {
  private readonly path: string;

  /** @param workPath the component's work folder */
  constructor(workPath: string) {
    this.path = join(workPath, KEPT_FILE);
  }

  kept(): Promise<string | undefined> {
    return readIfPresent(this.path);
  }

  keep(text: string): Promise<void> {
    return replaceFile(this.path, text);
  }

  async offered(artifactsPath: string): Promise<string> {
    const handle = await open(join(artifactsPath, OFFERED_FILE));
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(LARGEST_DOCUMENT_BYTES + 1));
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  }
}
