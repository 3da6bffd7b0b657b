/** The results file of a suite, and its table in docs/benchmarks.md. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, type FigureGoal, meetsGoal, type Table } from './figure';

const FOLDER = join(__dirname, 'results');
export const PAGE = join(__dirname, '..', 'docs', 'benchmarks.md');

/** bench/results/<suite>.json. */
export interface Results {
  /** Processor, cores and Node.js of the last run. */
  readonly machine: string;
  /** In the suite's order. */
  readonly figures: readonly Figure[];
}

const pathOf = (suite: string): string => join(FOLDER, `${suite}.json`);

export function readResults(suite: string): Results | undefined {
  return existsSync(pathOf(suite)) ? (JSON.parse(readFileSync(pathOf(suite), 'utf8')) as Results) : undefined;
}

export function writeResults(suite: string, results: Results): string {
  writeFileSync(pathOf(suite), `${JSON.stringify(results, null, 2)}\n`);
  return pathOf(suite);
}

/** Suites with a results file, in alphabetical order. */
export const measuredSuites = (): string[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();

/** Figures of two machines would stand side by side: they are shown, and not kept. */
export class OtherMachineError extends Error {}

/**
 * New figures take the place of old ones; figures that the suite no longer has go.
 * @throws OtherMachineError when figures of two machines would stand side by side
 */
export function merged(
  before: Results | undefined,
  now: Results,
  suite: readonly Pick<FigureGoal, 'id'>[],
): Results {
  const figures = suite.flatMap(
    ({ id }) =>
      now.figures.find((figure) => figure.id === id) ??
      before?.figures.find((figure) => figure.id === id) ??
      [],
  );
  if (before && before.machine !== now.machine && figures.some((figure) => !now.figures.includes(figure))) {
    throw new OtherMachineError(
      `the other figures were measured on another machine (${before.machine}; this one: ${now.machine}): run the whole suite`,
    );
  }
  return { machine: now.machine, figures };
}

const number = (value: number): string => String(Number(value.toPrecision(3)));

const spreadOf = ({ spread }: Figure): string =>
  spread.rounds === 1 ? 'counted' : `${number(spread.minimum)} .. ${number(spread.maximum)}`;

const bound = ({ goal, better }: Pick<FigureGoal, 'goal' | 'better'>): string =>
  `${better === 'lower' ? '<=' : '>='} ${number(goal)}`;

/** `G1-speed  0.452  goal <= 0.45  missed  (0.441 .. 0.46)  what` */
export const lineOf = (figure: Figure): string =>
  [
    figure.id.padEnd(14),
    number(figure.value).padStart(8),
    ` goal ${bound(figure)}`.padEnd(14),
    (meetsGoal(figure) ? 'met' : 'MISSED').padEnd(7),
    spreadOf(figure).padEnd(18),
    figure.what,
  ].join(' ');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const lineOfCells = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

/** Names to the left, numbers to the right. */
const markdownOf = ({ columns, rows }: Table): string[] => [
  lineOfCells(columns),
  `|---|${'---:|'.repeat(columns.length - 1)}`,
  ...rows.map(lineOfCells),
];

/** The Markdown of one suite. */
export function tableOf({ machine, figures }: Results): string {
  const rows = figures.map((figure) =>
    [
      figure.id,
      cell(figure.what),
      number(figure.value),
      spreadOf(figure),
      bound(figure),
      meetsGoal(figure) ? 'met' : '**missed**',
    ].join(' | '),
  );
  const methods = figures.map(({ id, method }) => `- ${id}: ${method}`);
  const tables = figures.flatMap(({ table }) => (table ? ['', ...markdownOf(table)] : []));
  return [
    `Measured on ${machine}.`,
    '',
    '| id | figure | measured | rounds | goal | |',
    '|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    ...tables,
    '',
    'How, and the numbers behind the ratios:',
    '',
    ...methods,
  ].join('\n');
}

const begin = (suite: string): string => `<!-- results of ${suite}: written by npm run bench -- report -->`;
const end = (suite: string): string => `<!-- end of the results of ${suite} -->`;

/**
 * The page with the current tables between their marks; the text around them is kept.
 * @throws Error naming the suite whose marks the page lacks
 */
export function pageWith(page: string, results: ReadonlyMap<string, Results>): string {
  let text = page;
  for (const [suite, result] of results) {
    const [first, last] = [text.indexOf(begin(suite)), text.indexOf(end(suite))];
    if (first === -1 || last < first) {
      throw new Error(`docs/benchmarks.md: lacks the lines '${begin(suite)}' and '${end(suite)}'`);
    }
    text = `${text.slice(0, first)}${begin(suite)}\n${tableOf(result)}\n${text.slice(last)}`;
  }
  return text;
}

/** docs/benchmarks.md as it should be. */
export function currentPage(): string {
  const results = new Map(measuredSuites().map((suite) => [suite, readResults(suite) as Results]));
  return pageWith(readFileSync(PAGE, 'utf8'), results);
}
