/**
 * `npm run bench`: measures the project against its goals.
 *
 *     npm run bench                       suites and figures
 *     npm run bench -- edge               one suite
 *     npm run bench -- edge G1 G7         some of its figures
 *     npm run bench -- telemetry-cost      calls and cost of results by the size of the fleet
 *     npm run bench -- drift               what alarms when a line changes, and what the change costs
 *     npm run bench -- judge               how often the judge of rollouts errs
 *     npm run bench -- networks            the efficient networks side by side
 *     npm run bench -- prepare             memory and speed of Prepare, by the size of the data set
 *     npm run bench -- resolution          small defects, by the size of images
 *     npm run bench -- retraining          what a retraining makes of another light
 *     npm run bench -- rollout-faults      end states of rollouts whose calls fail
 *     npm run bench -- second-opinion      what second opinions decide, let pass and cost
 *     npm run bench -- supervision         kills of the component's processes
 *     npm run bench -- verdict             what the verdict costs and lets pass
 *     npm run bench -- edge --wait        before each benchmark, wait until nothing else uses the processor
 *     npm run bench -- edge --force       keep figures although something else used the processor
 *     npm run bench -- edge --stack        where in the code a benchmark has failed
 *     npm run bench -- report             writes the tables of docs/benchmarks.md from bench/results; --check compares
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { WITHOUT_TELEMETRY } from '../edge-components/inference/src/models/onnx-telemetry';
import { driftSuite } from './drift/suite';
import { edgeSuite } from './edge/suite';
import { type Figure, isNamedBy, meetsGoal } from './figure';
import { infrastructureSuite } from './infrastructure/suite';
import { judgeSuite } from './judge/suite';
import { BUSY_LIMIT, describeMachine, lookAtLoad, waitUntilQuiet } from './machine';
import { networksSuite } from './networks/suite';
import { prepareSuite } from './prepare/suite';
import { currentPage, lineOf, merged, OtherMachineError, PAGE, readResults, writeResults } from './report';
import { resolutionSuite } from './resolution/suite';
import { retrainingSuite } from './retraining/suite';
import { rolloutFaultsSuite } from './rollout-faults/suite';
import { secondOpinionSuite } from './second-opinion/suite';
import type { Suite, SuiteListener } from './suite';
import { supervisionSuite } from './supervision/suite';
import { telemetryCostSuite } from './telemetry-cost/suite';
import { trainingSuite } from './training/suite';
import { verdictSuite } from './verdict/suite';

const LONGEST_WAIT_MINUTES = 30;
const INDENT = ' '.repeat(15);
const SUITES: Readonly<Record<string, Suite>> = {
  drift: driftSuite,
  edge: edgeSuite,
  infrastructure: infrastructureSuite,
  judge: judgeSuite,
  networks: networksSuite,
  prepare: prepareSuite,
  resolution: resolutionSuite,
  retraining: retrainingSuite,
  'rollout-faults': rolloutFaultsSuite,
  'second-opinion': secondOpinionSuite,
  supervision: supervisionSuite,
  'telemetry-cost': telemetryCostSuite,
  training: trainingSuite,
  verdict: verdictSuite,
};

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

const percent = (share: number): string => `${Math.round(share * 100)} % of the processor`;

/** Figures as they come in; `disturbed` are those during which something else used the machine. */
interface Collected {
  readonly figures: Figure[];
  readonly disturbed: Set<string>;
}

/** Prints every figure as soon as it is there. */
function listener({ figures, disturbed }: Collected, waitMinutes: number): SuiteListener {
  return {
    isQuietBefore: () =>
      waitUntilQuiet(waitMinutes * 60_000, (busy) =>
        console.log(`bench: something else uses ${percent(busy)}, waiting up to ${waitMinutes} minutes`),
      ),
    isQuietAfter: async () => (await lookAtLoad()) <= BUSY_LIMIT,
    onFigure: (figure, isUndisturbed) => {
      figures.push(figure);
      if (!isUndisturbed) disturbed.add(figure.id);
      console.log(`${lineOf(figure)}\n${INDENT}${figure.method}`);
      if (!isUndisturbed) console.log(`${INDENT}WARNING: something else used the processor`);
    },
  };
}

interface RunOptions {
  /** Keeps figures although something else used the machine. */
  readonly force: boolean;
  /** For how long to wait before each benchmark until the machine is quiet. */
  readonly waitMinutes: number;
}

async function runSuite(name: string, words: readonly string[], options: RunOptions): Promise<void> {
  const suite = SUITES[name];
  if (!suite) throw new UsageError(`no suite is called '${name}'\n\n${listing()}`);
  const collected: Collected = { figures: [], disturbed: new Set() };
  const machine = describeMachine();
  console.log(`${machine}; load average ${(loadavg()[0] ?? 0).toFixed(2)}`);
  try {
    await suite.run(wantedFigures(suite, words), listener(collected, options.waitMinutes));
  } finally {
    // Also when a later benchmark has failed: the others took minutes.
    keep(name, suite, machine, collected, options);
  }
}

function keep(
  name: string,
  suite: Suite,
  machine: string,
  { figures, disturbed }: Collected,
  { force }: RunOptions,
): void {
  const missed = figures.filter((figure) => !meetsGoal(figure));
  console.log(`\n${figures.length - missed.length} of ${figures.length} goals met`);
  const kept = figures.filter(({ id }) => force || !disturbed.has(id));
  if (kept.length < figures.length) {
    console.log(
      `not kept, because the machine was busy: ${[...disturbed].join(', ')} (again, with --wait or --force)`,
    );
  }
  if (kept.length === 0) return;
  try {
    const results = merged(readResults(name), { machine, figures: kept }, suite.figures);
    console.log(`written: ${writeResults(name, results)}`);
  } catch (error) {
    // Whoever measures here has what they wanted: the figures are above.
    if (!(error instanceof OtherMachineError)) throw error;
    console.log(`not kept: ${error.message}`);
  }
}

function report(check: boolean): void {
  const page = currentPage();
  if (!check) writeFileSync(PAGE, page);
  else if (readFileSync(PAGE, 'utf8') !== page) {
    throw new UsageError('docs/benchmarks.md is out of date: run `npm run bench -- report`');
  }
}

async function main(): Promise<void> {
  Object.assign(process.env, WITHOUT_TELEMETRY);
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      force: { type: 'boolean', default: false },
      wait: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      stack: { type: 'boolean', default: false },
    },
  });
  const [name, ...words] = positionals;
  if (name === undefined) console.log(listing());
  else if (name === 'report') report(values.check);
  else
    await runSuite(name, words, { force: values.force, waitMinutes: values.wait ? LONGEST_WAIT_MINUTES : 0 });
}

main().catch((error: Error & { code?: string }) => {
  const isUsage = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS');
  const isAsked = process.argv.includes('--stack');
  console.error(isUsage ? error.message : `bench: ${isAsked ? error.stack : error.message}`);
  process.exitCode = isUsage ? 2 : 1;
});
