/**
 * Builds `sourcedir.tar.gz`: the code of every training job. The same files give the same bytes on every machine:
 * sorted names, no times, no owners.
 *
 * In the archive: `kaizen_training/`, `scripts/`, `requirements.txt`, and the contracts that the Python reads at
 * `contracts/`. For jobs without a network a second one, `sourcedir-python<version>.tar.gz`, which holds the wheels of
 * `requirements.txt` too; `--wheels <version>` downloads them, and from then on every build makes it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import writeFileAtomic from 'write-file-atomic';
import { REPOSITORY_ROOT as ROOT, virtualEnvironmentPython } from './repository';

const OUTPUT = join(ROOT, 'dist', 'training');
const REQUIREMENTS = 'requirements.txt';
const WHEELS = 'wheels';
/** Of the images: x86-64 with glibc 2.28 or later. */
const PLATFORMS = ['manylinux_2_28_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64'];

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

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/**
 * The same files, with wheels beside `requirements.txt`, which makes pip take these and ask no index.
 * @param wheels named by file name
 * @throws Error when a requirement has no wheel with one of its digests
 */
export function withWheels(files: readonly SourceFile[], wheels: readonly SourceFile[]): SourceFile[] {
  const digests = new Set(wheels.map(({ content }) => sha256(content)));
  const added = wheels.map(({ name, content }) => ({ name: `${WHEELS}/${name}`, content }));
  return [...files, ...added].map((file) => {
    if (file.name !== REQUIREMENTS) return file;
    const text = file.content.toString('utf8');
    const missing = [...text.matchAll(/^([\w.-]+==\S+) \\\n((?: +--hash=sha256:\w+(?: \\)?\n)+)/gm)]
      .filter(
        ([, , hashes = '']) =>
          ![...hashes.matchAll(/sha256:(\w+)/g)].some(([, one = '']) => digests.has(one)),
      )
      .map(([, name]) => name);
    if (missing.length > 0) throw new Error(`no wheel has a digest of ${missing.join(', ')}`);
    return { ...file, content: Buffer.from(`--no-index\n--find-links ${WHEELS}\n${text}`) };
  });
}

const wheelFolder = (outputDirectory: string, python: string) => join(outputDirectory, `${WHEELS}-${python}`);

/** Downloads the wheels of `requirements.txt` for a version of Python, such as `3.12`; pip checks their digests. */
function downloadWheels(python: string, outputDirectory: string = OUTPUT): void {
  const folder = wheelFolder(outputDirectory, python);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const target = ['--python-version', python, '--implementation', 'cp'];
  const platforms = PLATFORMS.flatMap((platform) => ['--platform', platform]);
  const requirements = join(ROOT, 'training', REQUIREMENTS);
  execFileSync(
    virtualEnvironmentPython(),
    [
      ...[
        '-m',
        'pip',
        'download',
        '--disable-pip-version-check',
        '--quiet',
        '--no-deps',
        '--only-binary=:all:',
      ],
      ...[...target, ...platforms, '--dest', folder, '--requirement', requirements],
    ],
    { stdio: 'inherit' },
  );
}

/** Versions of Python whose wheels have been downloaded. */
function downloadedWheels(outputDirectory: string): string[] {
  if (!existsSync(outputDirectory)) return [];
  return readdirSync(outputDirectory).flatMap((name) => new RegExp(`^${WHEELS}-(.+)$`).exec(name)?.[1] ?? []);
}

/** Writes `<outputDirectory>/sourcedir.tar.gz`, and one for every version of Python with wheels; returns the first path. */
export async function buildTrainingSource(outputDirectory: string = OUTPUT): Promise<string> {
  const files = trainingSourceFiles();
  mkdirSync(outputDirectory, { recursive: true });
  const write = async (name: string, content: readonly SourceFile[]) => {
    const file = join(outputDirectory, name);
    await writeFileAtomic(file, await deterministicArchive(content));
    return file;
  };
  for (const python of downloadedWheels(outputDirectory)) {
    const folder = wheelFolder(outputDirectory, python);
    const wheels = readdirSync(folder)
      .sort()
      .map((name) => ({ name, content: readFileSync(join(folder, name)) }));
    await write(`sourcedir-python${python}.tar.gz`, withWheels(files, wheels));
  }
  return write('sourcedir.tar.gz', files);
}

async function main([option, python]: string[]): Promise<string> {
  if (option === '--wheels' && python !== undefined) downloadWheels(python);
  else if (option !== undefined)
    throw new Error(`usage: build-training-source.ts [--wheels <version of Python>]`);
  return buildTrainingSource();
}

if (require.main === module) {
  main(process.argv.slice(2)).then(
    (file) => console.error(`wrote ${file}`),
    (error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
