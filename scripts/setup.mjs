/**
 * Makes a fresh clone ready: installs the locked npm packages and a Python virtual environment from the pinned
 * lock. Needs nothing but Node, Python and the network, and nothing at all when nothing changed. Only when asked for
 * (`npm run setup -- --mxnet`), a second environment for MXNet, or (`-- --arm64`) Node for arm64.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STATE_FILE = join(ROOT, '.setup-state.json');
const PYTHON_MINOR_VERSIONS = [10, 11, 12, 13];
const REQUIREMENTS = join('training', 'requirements.lock');
/** Included by the training package's. */
const LOCAL_AWS_REQUIREMENTS = join('packages', 'local-aws', 'requirements.lock');
const TOOLKITS = join('training', 'requirements-toolkits.lock');
const MXNET_REQUIREMENTS = join('training', 'requirements-mxnet.lock');
/** The edge component is built for each; edge-components/inference/packaging/installed-package.ts looks there as well. */
const DEVICE_ARCHITECTURES = ['linux-x64', 'linux-arm64'];
const DEVICE_PACKAGES = join(ROOT, 'node_modules', '.devices');
/**
 * Node of the functions' runtime, nodejs24.x, from npm's packages of Node's own builds. In a folder of its own, because
 * npm would put a `node` before this machine's on the PATH of every script.
 */
const FUNCTION_NODE = '24.21.0';
const FUNCTION_PACKAGES = join(ROOT, 'node_modules', '.functions');
/** The same Node for the component of arm64, on whatever this machine is; test/arm64/emulated-node.ts looks there. */
const ARM64_PACKAGES = join(ROOT, 'node_modules', '.arm64');
const FUNCTION_NODE_INTEGRITY = {
  x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
};
/** numpy 1.23.5, the last that MXNet 1.9.1 works with, has no wheel for a later Python. */
const MXNET_PYTHON_MINOR_VERSIONS = [10, 11];

/** An expected failure: printed as one sentence, without a stack. */
export class SetupError extends Error {}

function digestOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function readState() {
  try {
    return readJson(STATE_FILE);
  } catch {
    return {};
  }
}

/** The oldest Node is said once, in package.json's engines, as `>=major.minor.patch`. */
function checkNode() {
  const { engines } = readJson(join(ROOT, 'package.json'));
  const [, oldest] = /^>=(\d+\.\d+\.\d+)$/.exec(engines.node);
  // Compares the numbers of dotted versions, not their texts: 20.9 is older than 20.19.
  if (process.versions.node.localeCompare(oldest, 'en', { numeric: true }) < 0) {
    throw new SetupError(
      `Node ${oldest} or newer is needed, this is Node ${process.versions.node}: install a newer Node and run the command again.`,
    );
  }
}

/** The first Python of one of these versions: $PYTHON when set, else python3, else the newest on the PATH. */
function findPython(minorVersions, purpose = '') {
  const candidates = process.env.PYTHON
    ? [process.env.PYTHON]
    : ['python3', ...minorVersions.toReversed().map((minor) => `python3.${minor}`)];
  const seen = [];
  for (const command of candidates) {
    const probe = spawnSync(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
    });
    if (probe.status !== 0) continue;
    const version = probe.stdout.trim();
    seen.push(`${command} is ${version}`);
    const [major, minor] = version.split('.').map(Number);
    if (major === 3 && minorVersions.includes(minor)) return { command, version };
  }
  const range = `3.${minorVersions[0]} to 3.${minorVersions.at(-1)}${purpose}`;
  throw new SetupError(
    seen.length === 0
      ? `Python ${range} is needed and no Python was found: install it, or name it with PYTHON=/path/to/python3.`
      : `Python ${range} is needed, but ${seen.join(', ')}: install one of them, or name it with PYTHON=/path/to/python3.`,
  );
}

/** npm says what is wrong first and pip last. */
function excerpt(lines) {
  return lines.length <= 16
    ? lines.join('\n')
    : [...lines.slice(0, 10), '...', ...lines.slice(-6)].join('\n');
}

function runStep(what, command, args, hint, environment = {}) {
  const started = Date.now();
  process.stdout.write(`setup: ${what} ...\n`);
  const outcome = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
  if (outcome.status !== 0) {
    const said = `${outcome.stdout ?? ''}${outcome.stderr ?? ''}${outcome.error?.message ?? ''}`.trim();
    throw new SetupError(`${what} failed. ${hint}\nIt said:\n${excerpt(said.split('\n'))}`);
  }
  process.stdout.write(`setup: ${what} took ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

const NETWORK_HINT =
  'Check the network connection to the package registries and the free disk space, then run the command again.';

export function setup() {
  checkNode();
  const state = readState();
  const lockFile = join(ROOT, 'package-lock.json');
  const npmDigest = digestOf(
    readFileSync(lockFile),
    process.versions.modules,
    process.platform,
    process.arch,
  );
  if (state.npm !== npmDigest || !existsSync(join(ROOT, 'node_modules'))) {
    // Not `npm ci`: it demands a lock entry for every platform's optional binary, and a lock that was made where
    // not all of them can be had lacks some. `npm install` takes the locked versions too, and --no-save leaves the
    // lock as it is.
    runStep(
      'installing the locked npm packages',
      'npm',
      ['install', '--no-save', '--no-audit', '--no-fund'],
      NETWORK_HINT,
    );
    writeFileSync(STATE_FILE, JSON.stringify({ ...readState(), npm: npmDigest }));
  }
  for (const architecture of DEVICE_ARCHITECTURES) installForDevices(architecture, readJson(lockFile));
  installForFunctions();
  setUpPython();
}

/** Node's own build of an architecture, from npm, into a folder of its own. */
function installNode(architecture, folder, purpose) {
  const integrity = FUNCTION_NODE_INTEGRITY[architecture];
  const name = `node-linux-${architecture}`;
  const manifestFile = join(folder, 'node_modules', name, 'package.json');
  const isInstalled = () => existsSync(manifestFile) && readJson(manifestFile).version === FUNCTION_NODE;
  if (isInstalled()) return;
  // Optional, since npm takes --cpu for those only.
  const manifest = { private: true, optionalDependencies: { [name]: FUNCTION_NODE } };
  const locked = { version: FUNCTION_NODE, integrity, optional: true, os: ['linux'], cpu: [architecture] };
  const packages = { '': manifest, [`node_modules/${name}`]: locked };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ lockfileVersion: 3, requires: true, packages }),
  );
  runStep(
    `installing Node ${FUNCTION_NODE} ${purpose}`,
    'npm',
    [
      ...['ci', '--prefix', folder, '--os=linux', `--cpu=${architecture}`],
      ...['--ignore-scripts', '--no-audit', '--no-fund'],
    ],
    NETWORK_HINT,
  );
  // npm leaves an optional package out without a word, also one with another digest than the lock's.
  if (!isInstalled()) throw new SetupError(`npm did not install ${name}. ${NETWORK_HINT}`);
}

/** The local AWS, which alone needs it, runs on Linux. */
function installForFunctions() {
  if (process.platform !== 'linux' || FUNCTION_NODE_INTEGRITY[process.arch] === undefined) return;
  installNode(process.arch, FUNCTION_PACKAGES, 'for functions');
}

/** What `npm test -- arm64` needs of npm, only when it is asked for: 200 MB. */
export function setUpArm64() {
  installNode('arm64', ARM64_PACKAGES, 'for arm64');
}

/**
 * npm installs the native packages of one platform, this machine's. Those of a device of another one go to a folder of
 * their own, in the versions and with the digests of the lock.
 */
function installForDevices(architecture, { packages }) {
  if (architecture === `${process.platform}-${process.arch}`) return;
  const folder = join(DEVICE_PACKAGES, architecture);
  const names = [`@img/sharp-${architecture}`, `@img/sharp-libvips-${architecture}`];
  const versions = Object.fromEntries(names.map((name) => [name, packages[`node_modules/${name}`]?.version]));
  const missing = () =>
    names.filter((name) => {
      const manifest = join(folder, 'node_modules', name, 'package.json');
      return !existsSync(manifest) || readJson(manifest).version !== versions[name];
    });
  if (missing().length === 0) return;
  mkdirSync(folder, { recursive: true });
  // Optional, since npm takes --cpu for those only.
  const manifest = { private: true, optionalDependencies: versions };
  const locked = names.map((name) => [`node_modules/${name}`, packages[`node_modules/${name}`]]);
  const lock = {
    lockfileVersion: 3,
    requires: true,
    packages: { '': manifest, ...Object.fromEntries(locked) },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const [os, cpu] = architecture.split('-');
  runStep(
    `installing the npm packages of ${architecture} devices`,
    'npm',
    [
      ...['install', '--prefix', folder, '--os', os, '--cpu', cpu, '--libc', 'glibc'],
      ...['--ignore-scripts', '--no-save', '--no-audit', '--no-fund'],
    ],
    NETWORK_HINT,
  );
  // npm leaves out, without a word, what is optional and fails.
  if (missing().length > 0) throw new SetupError(`npm left out ${missing().join(', ')}. ${NETWORK_HINT}`);
}

/** Python compiles what is imported at its first import; pip would compile every file of every package. */
const pip = (...args) => [
  ...['-m', 'pip', 'install', '--quiet', '--no-compile', '--disable-pip-version-check'],
  ...args,
];

function makeEnvironment(folder, { command, version }) {
  // --clear would empty the folder that a link leads to, which is somebody else's.
  if (lstatSync(join(ROOT, folder), { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new SetupError(
      `${folder} is a link and must be made again: remove the link, and run the command again.`,
    );
  }
  runStep(
    `making the Python ${version} environment ${folder}`,
    command,
    ['-m', 'venv', '--clear', folder],
    'Python needs its venv module (Debian: python3-venv).',
  );
}

function setUpPython() {
  const state = readState();
  const requirements = readFileSync(join(ROOT, REQUIREMENTS));
  const localAws = readFileSync(join(ROOT, LOCAL_AWS_REQUIREMENTS));
  const toolkits = readFileSync(join(ROOT, TOOLKITS));
  const interpreter = join(ROOT, '.venv', 'bin', 'python');
  const digest = (version) => digestOf(requirements, localAws, toolkits, version);
  if (state.python === digest(state.pythonVersion ?? '') && existsSync(interpreter)) return;
  const python = findPython(PYTHON_MINOR_VERSIONS);
  makeEnvironment('.venv', python);
  runStep('installing the locked Python packages', interpreter, pip('-r', REQUIREMENTS), NETWORK_HINT);
  // CC=true: an extension in C that only MPI jobs load is "compiled" by a command that does nothing, so that no
  // machine needs a compiler. Apart from the others, whose source must never be built so.
  runStep(
    'installing the SageMaker toolkits that the contract is tested with',
    interpreter,
    pip('--no-deps', '-r', TOOLKITS),
    NETWORK_HINT,
    { CC: 'true' },
  );
  writeFileSync(
    STATE_FILE,
    JSON.stringify({ ...readState(), python: digest(python.version), pythonVersion: python.version }),
  );
}

/** The environment that stands for an MXNet image: half a gigabyte, so it is made only when it is asked for. */
export function setUpMxnet() {
  const state = readState();
  const requirements = readFileSync(join(ROOT, MXNET_REQUIREMENTS));
  const interpreter = join(ROOT, '.venv-mxnet', 'bin', 'python');
  if (state.mxnet === digestOf(requirements, state.mxnetPythonVersion ?? '') && existsSync(interpreter)) {
    return;
  }
  const python = findPython(
    MXNET_PYTHON_MINOR_VERSIONS,
    ' (MXNet 1.9.1 is its last release and knows no later one)',
  );
  makeEnvironment('.venv-mxnet', python);
  runStep(
    'installing the locked packages for MXNet',
    interpreter,
    pip('--no-deps', '-r', MXNET_REQUIREMENTS),
    `MXNet has wheels for Linux on x86_64 and for macOS only. ${NETWORK_HINT}`,
  );
  writeFileSync(
    STATE_FILE,
    JSON.stringify({
      ...readState(),
      mxnet: digestOf(requirements, python.version),
      mxnetPythonVersion: python.version,
    }),
  );
}
