/**
 * How often the judge of rollouts errs: rollouts in simulation, with fixed seeds, over sizes of fleets, correlations
 * within a device and labels. Nothing is timed.
 */
import {
  type Fleet,
  type Outcome,
  SCENARIOS,
  type Scenario,
  simulateRollouts,
} from '../../test/lambda/rollout/simulated-rollout';
import type { Benchmark, Measurement } from '../figure';
import { type Suite, suiteOf } from '../suite';

const DEVICES = [2, 5, 20, 200];
const CORRELATIONS = [0, 0.05, 0.15];
const LABELS = [0, 40, 200];
const SEED = 20261127;
/** In each cell; of the largest fleets, whose labels are 160,000 objects, fewer. */
const rolloutsOf = (devices: number): number => (devices >= 200 ? 15 : 80);

interface Cell {
  readonly scenario: Scenario;
  readonly fleet: Fleet;
  readonly rollouts: number;
  readonly counts: Readonly<Record<Outcome, number>>;
}

interface Simulated {
  readonly cells: readonly Cell[];
  close(): Promise<void>;
}

function simulate(): Cell[] {
  return SCENARIOS.flatMap((scenario) =>
    DEVICES.flatMap((devices) => {
      const cells = LABELS.flatMap((labels) =>
        CORRELATIONS.map((correlation): Cell => {
          const fleet = { devices, correlation, labels };
          const rollouts = rolloutsOf(devices);
          return { scenario, fleet, rollouts, counts: simulateRollouts(scenario, fleet, rollouts, SEED) };
        }),
      );
      console.log(`${scenario.name}: ${devices} devices in each wave`);
      return cells;
    }),
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const shareOf = (cells: readonly Cell[], outcome: Outcome): number =>
  cells.reduce((sum, { counts }) => sum + counts[outcome], 0) /
  cells.reduce((sum, { rollouts }) => sum + rollouts, 0);

const of = (cells: readonly Cell[], isGood: boolean) =>
  cells.filter(({ scenario }) => scenario.isGood === isGood);
const rolloutsIn = (cells: readonly Cell[]) => cells.reduce((sum, { rollouts }) => sum + rollouts, 0);

/** The worst row of the table: a kind of release on fleets of a size. */
function worst(cells: readonly Cell[], outcome: Outcome): { minimum: number; maximum: number } {
  const shares = SCENARIOS.flatMap((scenario) =>
    DEVICES.flatMap((devices) => {
      const row = cells.filter((cell) => cell.scenario === scenario && cell.fleet.devices === devices);
      return row.length > 0 ? [shareOf(row, outcome)] : [];
    }),
  );
  return { minimum: Math.min(...shares), maximum: Math.max(...shares) };
}

const rows = (cells: readonly Cell[]): string[][] =>
  SCENARIOS.flatMap((scenario) =>
    DEVICES.map((devices) => {
      const row = cells.filter((cell) => cell.scenario === scenario && cell.fleet.devices === devices);
      const outcomes = CORRELATIONS.map((correlation) => {
        const some = row.filter(({ fleet }) => fleet.correlation === correlation);
        return (['promoted', 'taken back', 'waits'] as const)
          .map((outcome) => (100 * shareOf(some, outcome)).toFixed(1))
          .join(' / ');
      });
      return [`${scenario.name}; ${devices} devices`, ...outcomes];
    }),
  );

const ENOUGH = { devices: 20, labels: 40 };
const enough = ({ fleet }: Cell): boolean => fleet.devices >= ENOUGH.devices && fleet.labels >= ENOUGH.labels;
const isDoubled = ({ scenario }: Cell): boolean => scenario.name.includes('escapes');

const counted = (value: number, { minimum, maximum } = { minimum: value, maximum: value }) => ({
  value,
  spread: { minimum, maximum, rounds: 1 },
});

const judge: Benchmark<Simulated> = {
  onlyCounts: true,
  figures: [
    {
      id: 'G22-good',
      what: 'good releases that are taken back, in the worst kind and size of fleet',
      goal: 0.01,
      better: 'lower',
    },
    {
      id: 'G22-bad',
      what: 'bad releases that go into service everywhere, in the worst kind and size of fleet',
      goal: 0.05,
      better: 'lower',
    },
    {
      id: 'J1',
      what: 'releases of equal accuracy with twice the escapes that do not stay: taken back, at once or when the labels that they wait for do not come',
      goal: 0.95,
      better: 'higher',
    },
    {
      id: 'J2',
      what: `the same, taken back at once, with ${ENOUGH.devices} devices in a wave and ${ENOUGH.labels} labels of each, or more`,
      goal: 0.95,
      better: 'higher',
    },
    {
      id: 'J3',
      what: `good releases that go into service without waiting for more labels, with ${ENOUGH.devices} devices in a wave and ${ENOUGH.labels} labels of each, or more`,
      goal: 0.8,
      better: 'higher',
    },
  ],
  async measure({ cells }) {
    const [good, bad] = [of(cells, true), of(cells, false)];
    const doubled = cells.filter(isDoubled);
    const [falseAlarms, missed] = [worst(good, 'taken back'), worst(bad, 'promoted')];
    const stay = shareOf(doubled, 'promoted');
    const figures: [string, Measurement][] = [
      [
        'G22-good',
        {
          ...counted(falseAlarms.maximum, falseAlarms),
          method: `${rolloutsIn(good)} rollouts of two waves, each looked at three times; worst of ${DEVICES.length} sizes of waves and two kinds of good releases, over correlations ${CORRELATIONS.join(', ')} and ${LABELS.join(', ')} labels of each device and release; all kinds together ${percent(shareOf(good, 'taken back'))}`,
          table: {
            columns: [
              'promoted / taken back / waits for labels, in %',
              ...CORRELATIONS.map((correlation) => `correlation ${correlation}`),
            ],
            rows: rows(cells),
          },
        },
      ],
      [
        'G22-bad',
        {
          ...counted(missed.maximum, missed),
          method: `${rolloutsIn(bad)} rollouts of four kinds of bad releases; all kinds together ${percent(shareOf(bad, 'promoted'))}, and ${percent(shareOf(bad, 'waits'))} wait for labels and are taken back when none come`,
        },
      ],
      [
        'J1',
        {
          ...counted(1 - stay),
          method: `${rolloutsIn(doubled)} rollouts over all sizes of fleets, correlations and labels; ${percent(shareOf(doubled, 'taken back'))} at once`,
        },
      ],
      [
        'J2',
        {
          ...counted(shareOf(doubled.filter(enough), 'taken back')),
          method:
            'escapes rise from 5 to 10 % of the defective parts, which are 2 % of all; false rejects fall by as many parts',
        },
      ],
      ['J3', { ...counted(shareOf(good.filter(enough), 'promoted')), method: 'the others wait for labels' }],
    ];
    return new Map(figures);
  },
};

export const judgeSuite: Suite = suiteOf(
  'the judge of rollouts: how often it errs, in simulation',
  [judge],
  async () => ({ cells: simulate(), close: async () => undefined }),
);
