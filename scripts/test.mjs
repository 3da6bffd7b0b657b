/**
 * Every check of the project, with totals in one plain line at the end.
 *
 * What starts servers and waits for clocks and devices leaves half of two processors idle; what computes would fill them,
 * and does, beside it and with less of a claim to them.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './setup.mjs';

const OUTPUT = join(ROOT, 'out', 'test');
const bin = (name) => join(ROOT, 'node_modules', '.bin', name);
const python = join(ROOT, '.venv', 'bin', 'python');

/** A check that passes or fails as a whole. */
const whole = (outcome) => ({ passed: outcome.status === 0 ? 1 : 0, failed: outcome.status === 0 ? 0 : 1 });

function jestTotals(file) {
  return (outcome) => {
    try {
      const report = JSON.parse(readFileSync(file, 'utf8'));
      // A suite that does not load has no failed test of its own but has failed all the same.
      return {
        passed: report.numPassedTests,
        failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
      };
    } catch {
      return whole(outcome);
    }
  };
}

function pytestTotals(file) {
  return (outcome) => {
    try {
      const [, errors, failures, , tests] =
        /errors="(\d+)" failures="(\d+)" skipped="(\d+)" tests="(\d+)"/.exec(readFileSync(file, 'utf8'));
      const failed = Number(errors) + Number(failures);
      return { passed: Number(tests) - failed, failed };
    } catch {
      return whole(outcome);
    }
  };
}

function jest(project, ...extra) {
  const file = join(OUTPUT, `${project}.json`);
  return {
    name: `tests: ${project}`,
    command: [bin('jest'), '--selectProjects', project, '--ci', '--json', `--outputFile=${file}`, ...extra],
    totals: jestTotals(file),
  };
}

/** A package's own tests, by its own configuration, with the project's Python. */
function packageJest(folder, project, ...extra) {
  const [, name] = folder.split('/');
  const file = join(OUTPUT, `${name}-${project}.json`);
  const config = join(folder, 'jest.config.cjs');
  const command = [bin('jest'), '--config', config, '--selectProjects', project, '--ci', '--json'];
  return {
    name: `tests: ${name} ${project}`,
    command: [...command, `--outputFile=${file}`, ...extra],
    environment: { LOCAL_AWS_PYTHON: python },
    totals: jestTotals(file),
  };
}

const LOCAL_AWS = 'packages/local-aws';
const pytestFile = join(OUTPUT, 'pytest.xml');

/** Tests whose code runs in their own processes are measured; for the others a figure would say too little. */
const COVERAGE = {
  unit: join(OUTPUT, 'coverage-unit'),
  infrastructure: join(OUTPUT, 'coverage-infrastructure'),
  localAws: join(OUTPUT, 'coverage-local-aws'),
  python: join(OUTPUT, 'coverage-python.json'),
};
/** Counting costs minutes of the thirty that a run may take: `npm test -- --coverage` asks for it. */
const COUNTS = process.argv.includes('--coverage');
/** Babel's counters: V8's own cost more than the tests themselves, because it reports for every test file anew. */
const measured = (folder, ...counted) => (COUNTS ? countersOf(folder, counted) : []);
const countersOf = (folder, counted) => [
  ...['--coverage', '--coverageProvider=babel', '--coverageReporters=json', `--coverageDirectory=${folder}`],
  ...counted.map((glob) => `--collectCoverageFrom=${glob}`),
];
/** What counts even where no test loads it. */
const PRODUCT = [
  '{cli,config,contracts,demo,edge-components,lambda,lib,try}/**/*.ts',
  '!contracts/generated/**',
];
const OF_PACKAGE = ['**/*.ts', '!dist/**', '!test/**'];
const PYTHON_PRODUCT = ['training/kaizen_training', 'training/scripts'];

/** By default jest leaves one processor alone: of two, half. */
const EVERY_PROCESSOR = ['--maxWorkers=100%'];
const MEMORY_DISK = '/dev/shm';
const ROOM_ON_MEMORY_DISK = 2 ** 30;

/**
 * Unit tests of what survives a power cut flush to disk thousands of times; the cut is simulated, so a disk in memory
 * shows the same, in a fifth of the time where the real one is slow (89 and 17 s for three such files).
 */
function temporaryFolder() {
  if (!existsSync(MEMORY_DISK)) return {};
  const { bavail, bsize } = statfsSync(MEMORY_DISK);
  return bavail * bsize >= ROOM_ON_MEMORY_DISK ? { TMPDIR: MEMORY_DISK } : {};
}

const pythonCounters = () => [
  '--cov-branch',
  `--cov-report=json:${COVERAGE.python}`,
  ...PYTHON_PRODUCT.map((path) => `--cov=${path}`),
];

/** Wherever there is Python. */
const PYTHON_FOLDERS = ['training', 'packages', 'demo', 'bench', 'test'];

const PYTHON_TESTS = ['training/tests', 'packages/local-aws/test/cloudwatch'];

/** They read files and share nothing: as many at a time as there are processors. */
const STATIC_CHECKS = [
  {
    name: 'types: Python',
    command: [python, '-m', 'mypy', '--config-file', 'training/pyproject.toml', ...PYTHON_FOLDERS],
    totals: whole,
  },
  { name: 'types', command: [bin('tsc'), '-p', '.'], totals: whole },
  { name: 'lint: TypeScript', command: [bin('biome'), 'ci', '--colors=off', '.'], totals: whole },
  { name: 'lint: Python', command: [python, '-m', 'ruff', 'check', '.'], totals: whole },
  { name: 'format: Python', command: [python, '-m', 'ruff', 'format', '--check', '.'], totals: whole },
  {
    name: 'generated contract types are current',
    command: [bin('tsx'), 'scripts/generate-contracts.ts', '--check'],
    totals: whole,
  },
];

const UNIT = {
  ...jest('unit', ...EVERY_PROCESSOR, ...measured(COVERAGE.unit, ...PRODUCT)),
  environment: temporaryFolder(),
};
/** The copy outside the repository runs them too. */
const PACKAGE_UNIT = packageJest(
  LOCAL_AWS,
  'unit',
  ...EVERY_PROCESSOR,
  ...measured(COVERAGE.localAws, ...OF_PACKAGE),
);
const PYTHON = {
  name: 'tests: Python',
  command: [
    ...[python, '-m', 'pytest', '-q', ...PYTHON_TESTS, `--junitxml=${pytestFile}`],
    ...['--numprocesses', String(availableParallelism()), '--dist', 'worksteal'],
    ...(COUNTS ? pythonCounters() : []),
  ],
  // Every processor has a process already.
  environment: { OMP_NUM_THREADS: '1', COVERAGE_FILE: join(OUTPUT, 'coverage-python') },
  totals: pytestTotals(pytestFile),
};
const INFRASTRUCTURE = jest(
  'infrastructure',
  ...EVERY_PROCESSOR,
  ...measured(COVERAGE.infrastructure, ...PRODUCT),
);
const PACKAGE_ALONE = {
  name: 'local-aws alone, outside the repository',
  command: ['node', 'scripts/stand-alone.mjs', LOCAL_AWS],
  environment: { LOCAL_AWS_PYTHON: python },
  totals: whole,
};
// The stranger's test runs outside the repository.
const PACKAGE_INTEG = packageJest(
  LOCAL_AWS,
  'integ',
  ...EVERY_PROCESSOR,
  '--testPathIgnorePatterns=stranger',
);
const INTEG = jest('integ', ...EVERY_PROCESSOR);
const LOOP = {
  name: 'the whole loop, small',
  command: [bin('tsx'), 'demo/main.ts', '--small', '--output', 'out/test/loop'],
  totals: whole,
};

/**
 * One wave after the other. In each, two lanes side by side: what waits more than it computes, and what only computes,
 * whose time limits only end what hangs. A check waits for the one before it in its lane. The loop's devices show frames
 * by the clock: beside it runs as little as fills its pauses, and nothing with servers or devices of its own.
 */
const WAVES = [
  { waiting: [LOOP], computing: [STATIC_CHECKS, PYTHON] },
  {
    waiting: [PACKAGE_INTEG, INTEG],
    computing: [UNIT, ...(COUNTS ? [PACKAGE_UNIT] : []), INFRASTRUCTURE, PACKAGE_ALONE],
  },
];
/** nice(1) of what computes beside what waits: where both want a processor, it gets a tenth of it (sched(7)). */
const YIELDS = 10;

const mxnetPython = join(ROOT, '.venv-mxnet', 'bin', 'python');
const mxnetFile = join(OUTPUT, 'mxnet.xml');
const missingMxnet = () =>
  existsSync(mxnetPython)
    ? undefined
    : 'MXNet is not installed (.venv-mxnet is missing): run `npm run setup -- --mxnet`, which needs Python 3.10 or 3.11';
const missingArm64 = () => {
  if (!existsSync(join(ROOT, 'node_modules', '.arm64'))) {
    return 'Node for arm64 is not installed: run `npm run setup -- --arm64`';
  }
  return existsSync('/usr/aarch64-linux-gnu') && existsSync('/usr/bin/qemu-aarch64')
    ? undefined
    : 'an emulator of arm64 is not installed: `sudo apt-get install qemu-user libc6-arm64-cross libstdc++6-arm64-cross`';
};
/** Checks that run only when they are named: they take long, or what they need is not installed for everyone. */
const ON_REQUEST = [
  ...(COUNTS ? [] : [PACKAGE_UNIT]),
  { ...jest('slow', '--runInBand'), name: 'on request: slow' },
  {
    name: 'on request: mxnet',
    // A retired library with what was current then: hundreds of warnings that nobody will act on.
    command: [
      ...[mxnetPython, '-m', 'pytest', '-q', 'training/mxnet_tests', '--disable-warnings'],
      `--junitxml=${mxnetFile}`,
    ],
    totals: pytestTotals(mxnetFile),
    missing: missingMxnet,
  },
  { ...jest('mxnet'), name: 'on request: mxnet in the pipeline', missing: missingMxnet },
  {
    ...jest('arm64', '--runInBand'),
    name: 'on request: the component on arm64, emulated',
    missing: missingArm64,
  },
];

/** What a check said is shown as it comes, or as a whole at its end where others run beside it. */
function runStage(stage, { together = false, yields = false } = {}) {
  const started = Date.now();
  const [command, ...args] = yields ? ['nice', '-n', String(YIELDS), ...stage.command] : stage.command;
  const title = `\n=== ${stage.name}`;
  if (!together) console.log(title);
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...stage.environment },
    stdio: ['ignore', ...(together ? ['pipe', 'pipe'] : ['inherit', 'inherit'])],
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => said.push(chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => said.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (status) => {
      if (together) process.stdout.write(`${title}\n${Buffer.concat(said)}`);
      const counted = stage.totals({ status });
      // A runner that fails without a failed test (a crash, a coverage gate) has failed.
      if (status !== 0 && counted.failed === 0) counted.failed = 1;
      resolve({ name: stage.name, ...counted, seconds: (Date.now() - started) / 1000 });
    });
  });
}

/** As many at a time as there are processors. */
async function runTogether(stages, options) {
  const waiting = [...stages];
  const outcomes = [];
  const lane = async () => {
    for (let stage = waiting.shift(); stage; stage = waiting.shift()) {
      outcomes.push(await runStage(stage, { ...options, together: true }));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return outcomes;
}

/** One step after the other; a step is a check, or checks that run together. */
async function runLane(steps, options) {
  const outcomes = [];
  for (const step of steps) {
    outcomes.push(
      ...(Array.isArray(step) ? await runTogether(step, options) : [await runStage(step, options)]),
    );
  }
  return outcomes;
}

async function runWave({ waiting, computing }) {
  const beside = waiting.length > 0 && computing.length > 0;
  const outcomes = await Promise.all([
    runLane(waiting),
    runLane(computing, { together: beside, yields: beside }),
  ]);
  return outcomes.flat();
}

function rowOf({ name, passed, failed, seconds }) {
  const counts = `${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed`;
  return `${failed === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(40)} ${counts} ${seconds.toFixed(1).padStart(7)} s`;
}

const stagesOf = (waves) => waves.flatMap(({ waiting, computing }) => [...waiting, ...computing]).flat();

async function main() {
  const only = process.argv.slice(2).filter((word) => word !== '--coverage');
  const isWanted = ({ name }) => only.length === 0 || only.some((word) => name.includes(word));
  const wantedOf = (steps) =>
    steps
      .map((step) => (Array.isArray(step) ? step.filter(isWanted) : step))
      .filter((step) => (Array.isArray(step) ? step.length > 0 : isWanted(step)));
  const asked = only.length === 0 ? [] : ON_REQUEST.filter(isWanted);
  const waves = [
    ...WAVES.map(({ waiting, computing }) => ({
      waiting: wantedOf(waiting),
      computing: wantedOf(computing),
    })),
    { waiting: asked, computing: [] },
  ];
  if (stagesOf(waves).length === 0) {
    const names = [...stagesOf(WAVES), ...ON_REQUEST].map(({ name }) => name);
    console.error(`no check is called '${only.join(' ')}'. Checks: ${names.join('; ')}`);
    process.exitCode = 2;
    return;
  }
  const missing = asked.map((stage) => stage.missing?.()).filter((reason) => reason !== undefined);
  const reasons = [...new Set(missing)];
  if (reasons.length > 0) {
    console.error(reasons.join('\n'));
    process.exitCode = 1;
    return;
  }
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
  const started = Date.now();
  const outcomes = [];
  for (const wave of waves) outcomes.push(...(await runWave(wave)));
  const minutes = ((Date.now() - started) / 60_000).toFixed(1);
  const total = (field) => outcomes.reduce((sum, outcome) => sum + outcome[field], 0);
  console.log(`\n${outcomes.map(rowOf).join('\n')}\n`);
  if (COUNTS) {
    // At the end, because it needs a package: without one installed, this script still says what is missing.
    const { coverageTable } = await import('./coverage.mjs');
    const { unit, infrastructure, localAws, python: ofPython } = COVERAGE;
    const counted = [unit, infrastructure, localAws].map((folder) => join(folder, 'coverage-final.json'));
    console.log(coverageTable(ROOT, counted, ofPython));
  }
  console.log(`${total('passed')} passed, ${total('failed')} failed, in ${minutes} minutes`);
  process.exitCode = total('failed') === 0 ? 0 : 1;
}

await main();
