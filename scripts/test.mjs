/** Every check of the project, in order of cost, with totals in one plain line at the end. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
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

const pytestFile = join(OUTPUT, 'pytest.xml');
const STAGES = [
  { name: 'types', command: [bin('tsc'), '-p', '.'], totals: whole },
  { name: 'lint: TypeScript', command: [bin('biome'), 'ci', '.'], totals: whole },
  { name: 'lint: Python', command: [python, '-m', 'ruff', 'check', '.'], totals: whole },
  { name: 'format: Python', command: [python, '-m', 'ruff', 'format', '--check', '.'], totals: whole },
  {
    name: 'types: Python',
    command: [python, '-m', 'mypy', '--config-file', 'training/pyproject.toml', 'training/kaizen_training'],
    totals: whole,
  },
  {
    name: 'generated contract types are current',
    command: [bin('tsx'), 'scripts/generate-contracts.ts', '--check'],
    totals: whole,
  },
  jest('unit'),
  {
    name: 'tests: Python',
    command: [python, '-m', 'pytest', '-q', 'training/tests', `--junitxml=${pytestFile}`],
    totals: pytestTotals(pytestFile),
  },
  jest('infrastructure'),
  jest('integ', '--runInBand'),
  {
    name: 'the whole loop, small',
    command: [bin('tsx'), 'local/demo/main.ts', '--small', '--output', 'out/test/loop'],
    totals: whole,
  },
];

function main() {
  const only = process.argv.slice(2);
  const stages =
    only.length === 0 ? STAGES : STAGES.filter((stage) => only.some((word) => stage.name.includes(word)));
  if (stages.length === 0) {
    console.error(
      `no check is called '${only.join(' ')}'. Checks: ${STAGES.map((stage) => stage.name).join('; ')}`,
    );
    process.exitCode = 2;
    return;
  }
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
  const totals = { passed: 0, failed: 0 };
  const rows = [];
  for (const stage of stages) {
    console.log(`\n=== ${stage.name}`);
    const started = Date.now();
    const [command, ...args] = stage.command;
    const outcome = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    const counted = stage.totals(outcome);
    // A runner that fails without a failed test (a crash, a coverage gate) has failed.
    if (outcome.status !== 0 && counted.failed === 0) counted.failed = 1;
    totals.passed += counted.passed;
    totals.failed += counted.failed;
    rows.push(
      `${counted.failed === 0 ? 'ok  ' : 'FAIL'} ${stage.name.padEnd(40)} ${String(counted.passed).padStart(5)} passed ${String(counted.failed).padStart(3)} failed ${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s`,
    );
  }
  console.log(`\n${rows.join('\n')}\n`);
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  process.exitCode = totals.failed === 0 ? 0 : 1;
}

main();
