/**
 * Makes a fresh clone ready: installs the locked npm packages and a Python virtual environment from the pinned
 * lock. Needs nothing but Node, Python and the network, and nothing at all when nothing changed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STATE_FILE = join(ROOT, '.setup-state.json');
const OLDEST_NODE = [20, 9];
const PYTHON_MINOR_VERSIONS = [10, 11, 12, 13];
const REQUIREMENTS = join('training', 'requirements.lock');

/** An expected failure: printed as one sentence, without a stack. */
export class SetupError extends Error {}

function digestOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

function readState() {
  try {
    return JSON.parse(readFileSync(STATE_FILE, 'utf8'));
  } catch {
    return {};
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new SetupError(
      `Node ${OLDEST_NODE.join('.')} or newer is needed, this is Node ${process.versions.node}: install a newer Node and run the command again.`,
    );
  }
}

/** The first Python whose version we support: $PYTHON when set, else the newest on the PATH. */
function findPython() {
  const candidates = process.env.PYTHON
    ? [process.env.PYTHON]
    : ['python3', ...[...PYTHON_MINOR_VERSIONS].reverse()].map((entry) =>
        typeof entry === 'number' ? `python3.${entry}` : entry,
      );
  const seen = [];
  for (const command of candidates) {
    const probe = spawnSync(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
    });
    if (probe.status !== 0) continue;
    const version = probe.stdout.trim();
    seen.push(`${command} is ${version}`);
    const [major, minor] = version.split('.').map(Number);
    if (major === 3 && PYTHON_MINOR_VERSIONS.includes(minor)) return { command, version };
  }
  const range = `3.${PYTHON_MINOR_VERSIONS[0]} to 3.${PYTHON_MINOR_VERSIONS.at(-1)}`;
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

function runStep(what, command, args, hint) {
  const started = Date.now();
  process.stdout.write(`setup: ${what} ...\n`);
  const outcome = spawnSync(command, args, {
    cwd: ROOT,
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
  const requirements = readFileSync(join(ROOT, REQUIREMENTS));
  const interpreter = join(ROOT, '.venv', 'bin', 'python');
  const upToDate =
    state.python === digestOf(requirements, state.pythonVersion ?? '') && existsSync(interpreter);
  if (!upToDate) {
    const { command, version } = findPython();
    runStep(
      `making the Python ${version} environment`,
      command,
      ['-m', 'venv', '--clear', '.venv'],
      'Python needs its venv module (Debian: python3-venv).',
    );
    runStep(
      'installing the locked Python packages',
      interpreter,
      // Python compiles what is imported at its first import; pip would compile every file of every package.
      ['-m', 'pip', 'install', '--quiet', '--no-compile', '--disable-pip-version-check', '-r', REQUIREMENTS],
      NETWORK_HINT,
    );
    writeFileSync(
      STATE_FILE,
      JSON.stringify({ ...readState(), python: digestOf(requirements, version), pythonVersion: version }),
    );
  }
}
