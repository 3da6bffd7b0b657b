import { readFileSync } from 'node:fs';
import { driftSuite } from '../../bench/drift/suite';
import { edgeSuite } from '../../bench/edge/suite';
import { type Figure, isNamedBy, meetsGoal } from '../../bench/figure';
import { infrastructureSuite } from '../../bench/infrastructure/suite';
import { judgeSuite } from '../../bench/judge/suite';
import { networksSuite } from '../../bench/networks/suite';
import { prepareSuite } from '../../bench/prepare/suite';
import {
  currentPage,
  lineOf,
  measuredSuites,
  merged,
  PAGE,
  pageWith,
  type Results,
  readResults,
  tableOf,
} from '../../bench/report';
import { resolutionSuite } from '../../bench/resolution/suite';
import { retrainingSuite } from '../../bench/retraining/suite';
import { rolloutFaultsSuite } from '../../bench/rollout-faults/suite';
import { secondOpinionSuite } from '../../bench/second-opinion/suite';
import type { Suite } from '../../bench/suite';
import { supervisionSuite } from '../../bench/supervision/suite';
import { telemetryCostSuite } from '../../bench/telemetry-cost/suite';
import { trainingSuite } from '../../bench/training/suite';
import { verdictSuite } from '../../bench/verdict/suite';

const figure = (id: string, changes: Partial<Figure> = {}): Figure => ({
  id,
  what: `a of ${id} / b`,
  goal: 1,
  better: 'lower',
  value: 0.5,
  spread: { minimum: 0.4, maximum: 0.6, rounds: 5 },
  method: 'side by side',
  ...changes,
});

const results = (...figures: Figure[]): Results => ({ machine: 'two cores', figures });

describe('goals', () => {
  test.each([
    ['lower', 1, 1, true],
    ['lower', 1.0001, 1, false],
    ['higher', 1, 1, true],
    ['higher', 0.9999, 1, false],
  ] as const)('%s: %d against %d is %s', (better, value, goal, expected) => {
    expect(meetsGoal({ better, value, goal })).toBe(expected);
  });

  test('a value that is no number meets none', () => {
    expect(meetsGoal({ better: 'lower', value: Number.NaN, goal: 1 })).toBe(false);
    expect(meetsGoal({ better: 'higher', value: Number.NaN, goal: 1 })).toBe(false);
  });
});

test.each([
  ['G4-vga', 'G4', true],
  ['G4-vga', 'g4-VGA', true],
  ['G10', 'G1', false],
  ['G1-speed', 'G10', false],
  ['G4-vga', 'vga', false],
])('%s is named by %s: %s', (id, word, expected) => {
  expect(isNamedBy(id, word)).toBe(expected);
});

describe('merging', () => {
  const suite = [{ id: 'G1' }, { id: 'G2' }, { id: 'G3' }];
  const ids = ({ figures }: Results) => figures.map(({ id, value }) => `${id}=${value}`);

  test("puts new figures in the place of old ones, in the suite's order", () => {
    const before = results(figure('G3', { value: 3 }), figure('G1', { value: 1 }));
    const now = results(figure('G2', { value: 20 }), figure('G1', { value: 10 }));
    expect(ids(merged(before, now, suite))).toEqual(['G1=10', 'G2=20', 'G3=3']);
  });

  test('lets figures go that the suite no longer has', () => {
    expect(ids(merged(results(figure('G9')), results(figure('G1')), suite))).toEqual(['G1=0.5']);
  });

  test('never puts two machines side by side', () => {
    const elsewhere = { ...results(figure('G1'), figure('G2')), machine: 'four cores' };
    expect(() => merged(elsewhere, results(figure('G2')), suite)).toThrow(
      'measured on another machine (four cores; this one: two cores)',
    );
    expect(ids(merged(elsewhere, results(figure('G1'), figure('G2')), suite))).toHaveLength(2);
  });
});

describe('printing', () => {
  test('a line has the value, the goal, the verdict and the spread', () => {
    expect(lineOf(figure('G1')).replace(/ +/g, ' ')).toBe('G1 0.5 goal <= 1 met 0.4 .. 0.6 a of G1 / b');
    expect(lineOf(figure('G1', { value: 1.5 }))).toContain('MISSED');
    expect(lineOf(figure('G1', { better: 'higher' }))).toContain('goal >= 1');
  });

  test('a table shows every figure, and how it was measured', () => {
    const counted = figure('G2', {
      what: 'a | b',
      value: 2,
      spread: { minimum: 2, maximum: 2, rounds: 1 },
    });
    expect(tableOf(results(figure('G1'), counted))).toBe(`Measured on two cores.

| id | figure | measured | rounds | goal | |
|---|---|---|---|---|---|
| G1 | a of G1 / b | 0.5 | 0.4 .. 0.6 | <= 1 | met |
| G2 | a \\| b | 2 | counted | <= 1 | **missed** |

How, and the numbers behind the ratios:

- G1: side by side
- G2: side by side`);
  });

  test('a table of a figure stands below the figures', () => {
    const table = { columns: ['network', 'ms'], rows: [['a|b', '1.5 (1 .. 2)']] };
    expect(tableOf(results(figure('G1', { table })))).toContain(
      '| met |\n\n| network | ms |\n|---|---:|\n| a\\|b | 1.5 (1 .. 2) |\n\nHow,',
    );
  });

  const page = `# Page
<!-- results of s: written by npm run bench -- report -->
old
<!-- end of the results of s -->
reasons
`;

  test('the page keeps what stands around its tables', () => {
    const text = pageWith(page, new Map([['s', results(figure('G1'))]]));
    expect(text).toMatch(/^# Page\n<!-- results of s/);
    expect(text).toContain('| G1 |');
    expect(text).not.toContain('old');
    expect(text).toMatch(/<!-- end of the results of s -->\nreasons\n$/);
    expect(pageWith(text, new Map([['s', results(figure('G1'))]]))).toBe(text);
  });

  test('a page without the marks is refused', () => {
    expect(() => pageWith(page, new Map([['other', results()]]))).toThrow(
      "lacks the lines '<!-- results of other",
    );
  });
});

describe('docs/benchmarks.md', () => {
  test('shows the results as they are: `npm run bench -- report` makes it so', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(currentPage());
  });

  const suites: Readonly<Record<string, Suite>> = {
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

  test("every suite's results are of its own figures and goals, and none is left out", () => {
    expect(measuredSuites()).toEqual(Object.keys(suites));
    for (const [name, suite] of Object.entries(suites)) {
      const { figures } = readResults(name) as Results;
      expect(figures.map(({ id, what, goal, better }) => ({ id, what, goal, better }))).toEqual(
        suite.figures,
      );
    }
  });
});
