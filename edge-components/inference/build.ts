/**
 * Builds the self-contained artifacts of the inference component, one per architecture: the bundles, the architecture's
 * native files and a bill of materials, nothing else. An artifact runs from any folder with a `node` >= 20.19 on the
 * device; nothing is installed there.
 *
 *     main.cjs, agent.cjs, decoder-host.cjs, inference-host.cjs, s3-client.cjs, sbom.cdx.json
 *     native/<architecture>/onnxruntime_binding.node, libonnxruntime.so.1      RUNPATH of the binding is $ORIGIN
 *     native/<architecture>/@img/sharp-<architecture>/lib/sharp.node           its RUNPATH leads to the next
 *     native/<architecture>/@img/sharp-libvips-<architecture>/lib/libvips-cpp.so.*
 *
 * `npx tsx edge-components/inference/build.ts` writes into dist/edge: inference-<architecture>.zip, the same bill beside
 * it as inference-<architecture>.cdx.json, and inference.json.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Models } from '@cyclonedx/cyclonedx-library';
import writeFileAtomic from 'write-file-atomic';
import { EDGE_ARCHITECTURES, type EdgeArchitecture } from '../../contracts/edge-platform';
import { ARCHIVE_FORMAT, archive } from './packaging/archive';
import {
  type ArchitectureArtifact,
  type ArtifactDescription,
  DESCRIPTION_FILE,
  readDescription,
} from './packaging/artifact-description';
import { billAsJson, billOfMaterials, identify } from './packaging/bill-of-materials';
import { type Bundle, buildBundles } from './packaging/bundles';
import { nativeFiles } from './packaging/native-files';
import { checkNativeFiles } from './packaging/native-requirements';
import { checkBudget, sizeRatio } from './packaging/size-budget';

const ROOT = join(__dirname, '..', '..');
export const BILL_FILE = 'sbom.cdx.json';

/** Everything that goes into one zip, before it has a version. */
interface Content {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly bill: Models.Bom;
  readonly sha256: string;
}

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const zipName = (architecture: EdgeArchitecture): string => `inference-${architecture}.zip`;
const billName = (architecture: EdgeArchitecture): string => `inference-${architecture}.cdx.json`;

function versionOf(digest: string): string {
  const part = (offset: number): number => Number.parseInt(digest.slice(offset, offset + 8), 16) % 1_000_000;
  return `1.${part(0)}.${part(8)}`;
}

/** Undefined when the native files of the architecture are not installed. */
async function contentFor(
  architecture: EdgeArchitecture,
  bundles: ReadonlyMap<string, Bundle>,
): Promise<Content | undefined> {
  const native = await nativeFiles(architecture);
  if (!native) return undefined;
  const nativeContents = new Map<string, Uint8Array>();
  for (const [name, { path }] of native) nativeContents.set(name, await readFile(path));
  checkNativeFiles(architecture, nativeContents);
  const files = new Map<string, Uint8Array>();
  for (const [name, { contents }] of bundles) files.set(name, contents);
  for (const [name, contents] of nativeContents) files.set(name, contents);
  const bill = billOfMaterials({ bundles, nativeFiles: native, contents: files });
  const lines = [...files].map(([name, bytes]) => `${sha256(bytes)} ${name}\n`).sort();
  const text = `archive format ${ARCHIVE_FORMAT}\n${lines.join('')}${sha256(billAsJson(bill))} ${BILL_FILE}\n`;
  return { files, bill, sha256: sha256(text) };
}

/** The zip that is already there, when it is what would be written: compressing 70 MB takes seconds. */
async function reusable(
  outDirectory: string,
  architecture: EdgeArchitecture,
  version: string,
  content: Content,
): Promise<ArchitectureArtifact | undefined> {
  const description = readDescription(outDirectory);
  const previous = description?.architectures[architecture];
  if (description?.version !== version || previous?.contentSha256 !== content.sha256) return undefined;
  const path = join(outDirectory, previous.file);
  return existsSync(path) && sha256(await readFile(path)) === previous.sha256 ? previous : undefined;
}

async function putArtifact(
  outDirectory: string,
  architecture: EdgeArchitecture,
  version: string,
  content: Content,
  bundles: ReadonlyMap<string, Bundle>,
): Promise<ArchitectureArtifact> {
  identify(content.bill, version);
  const bill = billAsJson(content.bill);
  const files = new Map([...content.files, [BILL_FILE, Buffer.from(bill)]]);
  const sizes = new Map([...files].map(([name, bytes]) => [name, bytes.length]));
  checkBudget(zipName(architecture), sizes, bundles);
  await writeFileAtomic(join(outDirectory, billName(architecture)), bill);

  const previous = await reusable(outDirectory, architecture, version, content);
  if (previous) return previous;
  const zip = await archive(files);
  await writeFileAtomic(join(outDirectory, zipName(architecture)), Buffer.from(zip));
  return {
    file: zipName(architecture),
    sha256: sha256(zip),
    bytes: zip.length,
    unpackedBytes: [...sizes.values()].reduce((total, size) => total + size, 0),
    sizeRatio: Number(sizeRatio(sizes).toFixed(4)),
    contentSha256: content.sha256,
  };
}

/**
 * Writes a zip and a bill of materials per architecture of which the native files are installed, and `inference.json`,
 * which it returns. The same inputs give the same bytes, and an archive that is already there for them is reused.
 * @throws Error when the native files of linux-x64 are not installed, an artifact breaks its size
 * budget, or a native file would not load on a device
 */
export async function buildInferenceArtifact(outDirectory: string): Promise<ArtifactDescription> {
  const bundles = await buildBundles();
  const contents = new Map<EdgeArchitecture, Content>();
  for (const architecture of EDGE_ARCHITECTURES) {
    const content = await contentFor(architecture, bundles);
    if (content) contents.set(architecture, content);
  }
  if (!contents.has('linux-x64')) {
    throw new Error('the native files of linux-x64 are not installed: run `npm run setup`');
  }
  const version = versionOf(sha256([...contents.values()].map((content) => content.sha256).join('\n')));

  await mkdir(outDirectory, { recursive: true });
  const architectures: Partial<Record<EdgeArchitecture, ArchitectureArtifact>> = {};
  for (const [architecture, content] of contents) {
    architectures[architecture] = await putArtifact(outDirectory, architecture, version, content, bundles);
  }
  // One of an earlier build would look like a part of this one.
  for (const architecture of EDGE_ARCHITECTURES.filter((candidate) => !contents.has(candidate))) {
    await rm(join(outDirectory, zipName(architecture)), { force: true });
    await rm(join(outDirectory, billName(architecture)), { force: true });
  }
  const description: ArtifactDescription = { version, architectures };
  await writeFileAtomic(join(outDirectory, DESCRIPTION_FILE), `${JSON.stringify(description, null, 2)}\n`);
  return description;
}

if (require.main === module) {
  buildInferenceArtifact(join(ROOT, 'dist', 'edge')).then(
    (description) => console.log(JSON.stringify(description, null, 2)),
    (error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
