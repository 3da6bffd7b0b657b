/** Frames with the answers of the default script's model, of the steady line and of eight changes of one cause each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Release } from '../../contracts';
import type { ImageStatistics } from '../../edge-components/inference/src/ports';
import { made, PACKAGE, type Recipe, TRAINING_INGREDIENTS } from '../recipe';
import type { SuiteContext } from '../suite';

export interface AnsweredFrame {
  readonly label: string;
  readonly probabilities: readonly number[];
  readonly statistics: ImageStatistics;
  readonly novelty: number;
}

type Row = [
  label: string,
  probabilities: number[],
  novelty: number,
  brightness: number,
  contrast: number,
  sharpness: number,
];

/** The graph that answered. */
export const VARIANT = 'fp32';

/** Per 1,000 parts of a line with this share of good ones, in the plant's unit. */
export interface Costs {
  readonly goodShare: number;
  /** With the thresholds that cost least on the very frames that are judged: nobody can do better with thresholds. */
  readonly oracle: number;
  /** With thresholds of 95 % precision on the dataset's mix. */
  readonly precision: number;
  /** Of each draw of a validation split. */
  readonly chosen: readonly number[];
  /** The same, with thresholds looked for among the errors of the split. */
  readonly searched: readonly number[];
}

/** verdicts.json of verdict_frames.py. */
interface Description {
  readonly classes: string[];
  readonly baseline: Release['baseline'];
  readonly thresholds: Release['thresholds'];
  readonly novelty: NonNullable<Release['novelty']>;
  readonly costs: readonly Costs[];
  readonly frames: Readonly<Record<string, readonly Row[]>>;
}

const FRAMES: Recipe = {
  name: 'verdicts',
  script: 'verdict_frames.py',
  ingredients: [
    ...TRAINING_INGREDIENTS,
    `${PACKAGE}/baseline.py`,
    `${PACKAGE}/feature_taps.py`,
    `${PACKAGE}/further_outputs.py`,
    `${PACKAGE}/novelty.py`,
    `${PACKAGE}/onnx_model.py`,
    `${PACKAGE}/operating_point.py`,
    `${PACKAGE}/thresholds.py`,
    'contracts/histogram-bins.json',
    'training/requirements.lock',
  ],
  announcement: 'training the default script and rendering frames, which takes about five minutes',
};

export class VerdictContext implements SuiteContext {
  private constructor(private readonly description: Description) {}

  static async prepare(this: void): Promise<VerdictContext> {
    const folder = await made(FRAMES);
    return new VerdictContext(JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8')) as Description);
  }

  get costs(): readonly Costs[] {
    return this.description.costs;
  }

  /** Of one cause each; without the steady line. */
  get shifts(): string[] {
    return Object.keys(this.description.frames).filter((name) => name !== 'normal');
  }

  frames(condition: string): AnsweredFrame[] {
    return (this.description.frames[condition] ?? []).map(
      ([label, probabilities, novelty, brightness, contrast, sharpness]) => ({
        label,
        probabilities,
        novelty,
        statistics: { brightness, contrast, sharpness },
      }),
    );
  }

  /** What decides on a device. */
  get release(): Pick<Release, 'classes' | 'thresholds' | 'baseline' | 'novelty' | 'dispositionPolicy'> {
    const { classes, baseline, thresholds, novelty } = this.description;
    return {
      classes,
      baseline,
      thresholds,
      novelty,
      dispositionPolicy: {
        codes: Object.fromEntries(classes.map((name, index) => [name, index + 1])),
        classes: Object.fromEntries(classes.map((name) => [name, name === 'good' ? 'pass' : 'reject'])),
        novel: 'review',
      },
    };
  }

  async close(): Promise<void> {}
}
