/**
 * Builds `sourcedir.tar.gz`: the code of every training job. The same files give the same bytes on every machine:
 * sorted names, no times, no owners.
 *
 * In the archive: `kaizen_training/`, `scripts/`, `requirements.txt`, and the contracts that the Python reads at
 * `contracts/`.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

const ROOT = join(__dirname, '..');

/** Path in the repository -> path in the archive. */
const SOURCES: Readonly<Record<string, string>> = {
  'training/kaizen_training': 'kaizen_training',
  'training/scripts': 'scripts',
  'training/requirements.txt': 'requirements.txt',
  'contracts/schemas': 'contracts/schemas',
  'contracts/histogram-bins.json': 'contracts/histogram-bins.json',
  'contracts/onnx-policy.json': 'contracts/onnx-policy.json',
};
const LEFT_OUT = /(^|\/)(__pycache__|\.[^/]+)(\/|$)|\.pyc$/;
/** Second 0 is a time that some tools refuse. */
const EPOCH = new Date(1000);
/** Byte of the gzip header that names the operating system; "unknown", as zlib differs by platform. */
const GZIP_SYSTEM_OFFSET = 9;
const GZIP_SYSTEM_UNKNOWN = 255;

export interface SourceFile {
  /** Name in the archive. */
  readonly name: string;
  readonly content: Buffer;
}

/** @throws Error when a source is missing */
export function trainingSourceFiles(root: string = ROOT): SourceFile[] {
  return Object.entries(SOURCES)
    .flatMap(([source, target]) => {
      const path = join(root, source);
      if (statSync(path).isFile()) return [{ name: target, content: readFileSync(path) }];
      return readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((file) => ({ file, name: `${target}/${relative(path, file).split(sep).join('/')}` }))
        .filter(({ name }) => !LEFT_OUT.test(name))
        .map(({ file, name }) => ({ name, content: readFileSync(file) }));
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** tar.gz that depends on names and contents alone. */
export async function deterministicArchive(files: readonly SourceFile[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, content } of files) {
    tar.entry({ name, mode: 0o644, mtime: EPOCH, uid: 0, gid: 0, uname: '', gname: '' }, content);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const archive = gzipSync(Buffer.concat(chunks), { level: 9 });
  archive.writeUInt8(GZIP_SYSTEM_UNKNOWN, GZIP_SYSTEM_OFFSET);
  return archive;
}

/** Writes `<outputDirectory>/sourcedir.tar.gz`; returns its path. */
export async function buildTrainingSource(
  outputDirectory: string = join(ROOT, 'dist', 'training'),
): Promise<string> {
  const archive = await deterministicArchive(trainingSourceFiles());
  mkdirSync(outputDirectory, { recursive: true });
  const file = join(outputDirectory, 'sourcedir.tar.gz');
  writeFileSync(file, archive);
  return file;
}

if (require.main === module) {
  buildTrainingSource().then(
    (file) => console.error(`wrote ${file}`),
    (error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
