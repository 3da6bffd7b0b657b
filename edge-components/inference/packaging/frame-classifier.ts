/**
 * Builds what the function that answers questions decides with: the component's own decoder, session and rules as one
 * file, and the native files that they load.
 *
 *     frame-classifier.cjs
 *     native/linux-x64/...      as in the component's artifact
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { buildClassifierBundle } from './bundles';
import { nativeFiles } from './native-files';

/** As lib/telemetry/second-opinions.ts deploys the function. */
const ARCHITECTURE = 'linux-x64';

/** Another build, or a synthesis that reads the folder, may be running: what is unchanged is left alone. */
async function put(path: string, contents: Uint8Array): Promise<void> {
  if (existsSync(path) && Buffer.from(contents).equals(await readFile(path))) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, Buffer.from(contents));
}

/** @throws Error when the native files of linux-x64 are not installed */
export async function buildFrameClassifier(outDirectory: string): Promise<void> {
  const native = await nativeFiles(ARCHITECTURE);
  if (!native)
    throw new Error(`the native files of ${ARCHITECTURE} are not installed: run \`npm run setup\``);
  await put(join(outDirectory, 'frame-classifier.cjs'), await buildClassifierBundle());
  for (const [name, { path }] of native) await put(join(outDirectory, name), await readFile(path));
}
