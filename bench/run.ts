/**
 * `npm run bench`: measures the project against its goals.
 *
 *     npm run bench                       suites and figures
 *     npm run bench -- edge               one suite
 *     npm run bench -- edge G1 G7         some of its figures
 *     npm run bench -- edge --force       keep the results although something else used the processor
 *     npm run bench -- report             writes the tables of docs/benchmarks.md from bench/results; --check compares
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { edgeSuite } from './edge/suite';
import { type Figure, isNamedBy, meetsGoal } from './figure';
import { BUSY_LIMIT, describeMachine, lookAtLoad } from './machine';
import { currentPage, lineOf, merged, PAGE, readResults, writeResults } from './report';
import type { Suite } from './suite';

const SUITES: Readonly<Record<string, Suite>> = { edge: edgeSuite };

/** What the user asked for cannot be done; printed as one sentence. */
class UsageError extends Error {}

function listing(): string {
  const lines = Object.entries(SUITES).flatMap(([name, suite]) => [
    `${name}: ${suite.what}`,
    ...suite.figures.map(({ id, what }) => `  ${id.padEnd(16)} ${what}`),
  ]);
  return `npm run bench -- <suite> [figure ...]\n\n${lines.join('\n')}`;
}

function wantedFigures(suite: Suite, words: readonly string[]): Set<string> {
  const unknown = words.filter((word) => !suite.figures.some(({ id }) => isNamedBy(id, word)));
  if (unknown.length > 0) {
    throw new UsageError(`no figure is called ${unknown.join(', ')}\n\n${listing()}`);
  }
  const chosen = suite.figures.filter(
    ({ id }) => words.length === 0 || words.some((word) => isNamedBy(id, word)),
  );
  return new Set(chosen.map(({ id }) => id));
}

/** Whether nothing else uses the processor to speak of. */
async function checkLoad(machine: string): Promise<boolean> {
  const { busy, loadAverage } = await lookAtLoad();
  console.log(`${machine}; load average ${loadAverage.toFixed(2)}`);
  if (busy <= BUSY_LIMIT) return true;
  console.log(`WARNING: something else uses ${Math.round(busy * 100)} % of the processor`);
  return false;
}

async function runSuite(name: string, words: readonly string[], force: boolean): Promise<void> {
  const suite = SUITES[name];
  if (!suite) throw new UsageError(`no suite is called '${name}'\n\n${listing()}`);
  const wanted = wantedFigures(suite, words);
  const machine = describeMachine();
  const figures: Figure[] = [];
  let isQuiet = true;
  await suite.run(wanted, {
    onPrepared: async () => {
      isQuiet = await checkLoad(machine);
    },
    onFigure: (figure) => {
      figures.push(figure);
      console.log(`${lineOf(figure)}\n${' '.repeat(15)}${figure.method}`);
    },
  });
  const missed = figures.filter((figure) => !meetsGoal(figure));
  console.log(`\n${figures.length - missed.length} of ${figures.length} goals met`);
  if (!isQuiet && !force) {
    console.log('not written: the machine was busy; run again when it is quiet, or with --force');
    return;
  }
  const results = merged(readResults(name), { machine, figures }, suite.figures);
  console.log(`written: ${writeResults(name, results)}`);
}

function report(check: boolean): void {
  const page = currentPage();
  if (!check) writeFileSync(PAGE, page);
  else if (readFileSync(PAGE, 'utf8') !== page) {
    throw new UsageError('docs/benchmarks.md is out of date: run `npm run bench -- report`');
  }
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { force: { type: 'boolean' }, check: { type: 'boolean' } },
  });
  const [name, ...words] = positionals;
  if (name === undefined) console.log(listing());
  else if (name === 'report') report(values.check === true);
  else await runSuite(name, words, values.force === true);
}

main().catch((error: Error & { code?: string }) => {
  const isUsage = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS');
  console.error(isUsage ? error.message : error.stack);
  process.exitCode = isUsage ? 2 : 1;
});
