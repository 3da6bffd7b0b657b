/** What a retraining makes of a line whose light has changed, where nearly all that is known of the new light is good. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Measurement, Table } from '../figure';
import { significant } from '../measure';
import { made, type Recipe, TRAINING_INGREDIENTS } from '../recipe';
import { type Suite, type SuiteContext, suiteOf } from '../suite';
import { type Answer, accuracyOf, passingDefects } from './passing';

type Training = 'with' | 'without';
type Light = 'old' | 'new';

/** One seed in retrained.json of retrain_line.py. */
interface Retrained {
  readonly seed: number;
  readonly labels: number;
  readonly labelledDefects: number;
  readonly trainings: Readonly<Record<Training, Readonly<Record<Light, readonly Answer[]>>>>;
}

interface RetrainingContext extends SuiteContext {
  readonly seeds: readonly Retrained[];
}

const RETRAINED: Recipe = {
  name: 'retrained',
  script: 'retrain_line.py',
  ingredients: [
    ...TRAINING_INGREDIENTS,
    'bench/python/inspected_line.py',
    'bench/python/packed_model.py',
    'training/requirements.lock',
  ],
  announcement: 'training a line and its retraining, which takes about ten minutes',
};

/** Of the good parts of the line as it is now. */
const REVIEWED = 0.05;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function measured(values: readonly number[], value: number, method: string): Measurement {
  const spread = {
    minimum: significant(Math.min(...values)),
    maximum: significant(Math.max(...values)),
    rounds: values.length,
  };
  return { value: significant(value), spread, method };
}

const passing = ({ trainings }: Retrained, training: Training, light: Light): number =>
  passingDefects(trainings[training][light], REVIEWED);

const row = (one: Retrained, training: Training): string[] => [
  String(one.seed),
  training === 'with' ? 'with `light`' : 'without',
  percent(passing(one, training, 'new')),
  percent(accuracyOf(one.trainings[training].new)),
  percent(passing(one, training, 'old')),
  percent(accuracyOf(one.trainings[training].old)),
];

const newLight: Benchmark<RetrainingContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'W1',
      what: 'defective parts that pass in the new light where 5 % of the good ones go to a person: augmentation `light` / without',
      goal: 0.5,
      better: 'lower',
    },
    {
      id: 'W1-share',
      what: 'their share with it',
      goal: 0.2,
      better: 'lower',
    },
    {
      id: 'W2',
      what: 'percentage points of accuracy in the old light that it costs',
      goal: 1,
      better: 'lower',
    },
  ],
  async measure({ seeds }) {
    const shares = seeds.map((one) => passing(one, 'with', 'new'));
    const without = seeds.map((one) => passing(one, 'without', 'new'));
    const ratios = shares.map((share, index) => share / (without[index] ?? Number.NaN));
    const lost = seeds.map(
      ({ trainings }) => 100 * (accuracyOf(trainings.without.old) - accuracyOf(trainings.with.old)),
    );
    const defects = seeds
      .map(({ labels, labelledDefects }) => `${labelledDefects} of ${labels}`)
      .join(' and ');
    const table: Table = {
      columns: ['seed', 'retraining', 'pass, new light', 'accuracy', 'pass, old light', 'accuracy'],
      rows: seeds.flatMap((one) => [row(one, 'without'), row(one, 'with')]),
    };
    return new Map<string, Measurement>([
      [
        'W1',
        {
          ...measured(
            ratios,
            mean(shares) / mean(without),
            `mean over ${seeds.length} seeds of 500 frames each, 60 % of them defective; ${defects} labels of the new light were of defects`,
          ),
          table,
        },
      ],
      ['W1-share', measured(shares, mean(shares), `${percent(mean(without))} without`)],
      ['W2', measured(lost, mean(lost), '500 frames each')],
    ]);
  },
};

export const retrainingSuite: Suite = suiteOf(
  'a retraining that answers another light, and what then passes',
  [newLight],
  async (): Promise<RetrainingContext> => {
    const text = readFileSync(join(await made(RETRAINED), 'retrained.json'), 'utf8');
    return { seeds: JSON.parse(text) as Retrained[], close: async () => undefined };
  },
);
