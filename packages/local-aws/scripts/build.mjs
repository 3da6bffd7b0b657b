/** `build.mjs <folder>`: the package as it is published: JavaScript, its types, the Python files, and where they are. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)));
const PROGRAMS = { 'local-aws': './launcher/main.js', 'local-aws-core-device': './core-device/main.js' };
/** Beside the JavaScript; Python files lie where their TypeScript looks for them. */
const AS_THEY_ARE = ['README.md', 'LICENSE', 'requirements.in', 'requirements.lock'];
const WITHOUT_PYTHON_FILES = /^(node_modules|dist|test|scripts|\..*)$/;

/** The fields that only the source needs are left out; the entries point at the JavaScript. */
function published({ private: _private, scripts: _scripts, devDependencies: _dev, ...description }) {
  return {
    ...description,
    main: './index.js',
    types: './index.d.ts',
    exports: {
      '.': { types: './index.d.ts', default: './index.js' },
      './package.json': './package.json',
    },
    bin: PROGRAMS,
  };
}

function pythonFiles() {
  return readdirSync(PACKAGE, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !WITHOUT_PYTHON_FILES.test(entry.name))
    .flatMap(({ name }) =>
      readdirSync(join(PACKAGE, name), { recursive: true }).map((file) => join(name, file)),
    )
    .filter((file) => file.endsWith('.py'));
}

function compile(target) {
  const { resolve: find } = createRequire(import.meta.url);
  const compiler = join(dirname(find('typescript/package.json')), 'bin', 'tsc');
  const { status, error } = spawnSync(
    process.execPath,
    [compiler, '-p', join(PACKAGE, 'tsconfig.build.json'), '--outDir', target],
    { stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`the compiler failed${error ? `: ${error.message}` : ''}`);
}

function build(target) {
  rmSync(target, { recursive: true, force: true });
  compile(target);
  for (const file of [...AS_THEY_ARE, ...pythonFiles()]) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    copyFileSync(join(PACKAGE, file), join(target, file));
  }
  for (const program of Object.values(PROGRAMS)) chmodSync(join(target, program), 0o755);
  const description = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(published(description), undefined, 2)}\n`);
}

const [target] = process.argv.slice(2);
if (!target) {
  console.error('usage: build.mjs <folder>');
  process.exitCode = 2;
} else {
  build(resolve(target));
}
