/**
 * `npm run fuzz -- [runs] [seed]`: test/fuzz and the parsers of the local AWS with other inputs than `npm test` has, then
 * every property with other values. What breaks a parser is kept in out/fuzz/<parser>; with its repair it goes to
 * test/fuzz/corpus/<parser>, where every run tries it. What breaks a property becomes an example of it.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { ROOT } from './setup.mjs';

const RUNS = 20_000;
const [runs = String(RUNS), seed = String(randomInt(2 ** 31))] = process.argv.slice(2);
if (![runs, seed].every((text) => /^\d{1,10}$/.test(text))) {
  console.error(`npm run fuzz -- <runs> <seed>: both must be whole numbers, got '${runs}' and '${seed}'`);
  process.exit(2);
}

console.log(`fuzz: the same again with: npm run fuzz -- ${runs} ${seed}`);
const python = join(ROOT, '.venv', 'bin', 'python');
const jest = join(ROOT, 'node_modules', '.bin', 'jest');
const environment = { ...process.env, FUZZ_RUNS: runs, FUZZ_SEED: seed };
const failed = [
  [jest, 'test/fuzz/'],
  // Metrics in log lines, which the local AWS reads in Python.
  [
    python,
    '-m',
    'pytest',
    '-q',
    'packages/local-aws/test/cloudwatch/test_embedded_metrics.py',
    `--hypothesis-seed=${seed}`,
  ],
  [
    jest,
    '--selectProjects',
    'unit',
    '--testPathIgnorePatterns',
    '/test/(integ|infrastructure|mxnet|arm64|fuzz)/',
  ],
  [jest, '--config', 'packages/local-aws/jest.config.cjs', '--selectProjects', 'unit'],
].filter(([command, ...args]) => {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: environment });
  return status !== 0;
});
process.exitCode = failed.length === 0 ? 0 : 1;
