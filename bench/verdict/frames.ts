/** Frames with the answers of the default script's model, trained as a plant does, of the steady line and of eight changes of one cause each. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Release } from '../../contracts';
import { OnnxSession } from '../../edge-components/inference/src/models/inference-session';
import type { DecodedImage, ImageStatistics } from '../../edge-components/inference/src/ports';
import { LINE_INGREDIENTS, made, PACKAGE, type Recipe } from '../recipe';
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

/** Pixels of the rendered photographs. */
const SIDE = 128;

/** The graph that answered. */
export const VARIANT = 'fp32';

/** Per 1,000 parts of a line with this share of good ones, in the plant's unit. */
export interface Costs {
  readonly goodShare: number;
  /** With the thresholds that cost least on the very frames that are judged: nobody can do better with thresholds. */
  readonly oracle: number;
  /** A ratio: what those of one half of the frames cost on the other, over that one's own best. */
  readonly luck: number;
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
  readonly embedding: NonNullable<Release['embedding']>;
  readonly costs: readonly Costs[];
  readonly frames: Readonly<Record<string, readonly Row[]>>;
}

interface Training {
  readonly epochs: number;
  readonly widthMultiplier: number;
}

/** As config/prod.ts and config/local.ts have them; test/bench/verdict holds them to that. */
export const PLANT_TRAINING: Training = { epochs: 40, widthMultiplier: 0.5 };
export const DEMO_TRAINING: Training = { epochs: 12, widthMultiplier: 0.35 };

const FRAMES: Recipe = {
  name: 'verdicts',
  script: 'verdict_frames.py',
  ingredients: [
    ...LINE_INGREDIENTS,
    `${PACKAGE}/beta_calibration.py`,
    `${PACKAGE}/operating_point.py`,
    `${PACKAGE}/thresholds.py`,
  ],
  announcement: 'training the default script and rendering frames, which takes five to fifteen minutes',
};

export class VerdictContext implements SuiteContext {
  private constructor(
    private readonly description: Description,
    private readonly folder: string,
  ) {}

  static prepare(this: void): Promise<VerdictContext> {
    return VerdictContext.trainedAs(PLANT_TRAINING);
  }

  static async trainedAs({ epochs, widthMultiplier }: Training): Promise<VerdictContext> {
    const folder = await made(FRAMES, ['--epochs', String(epochs), '--width', String(widthMultiplier)]);
    const description = JSON.parse(readFileSync(join(folder, 'verdicts.json'), 'utf8')) as Description;
    return new VerdictContext(description, folder);
  }

  /** Of the validation split. */
  get images(): DecodedImage[] {
    const pixels = readFileSync(join(this.folder, 'images.rgb'));
    const bytes = SIDE * SIDE * 3;
    return Array.from({ length: pixels.length / bytes }, (_, index) => ({
      width: SIDE,
      height: SIDE,
      pixels: new Uint8Array(pixels.subarray(index * bytes, (index + 1) * bytes)),
    }));
  }

  /** @param isPlain without the further outputs, which are asked for otherwise */
  session(variant: 'fp32' | 'int8', isPlain: boolean): Promise<OnnxSession> {
    const path = join(this.folder, `${isPlain ? 'plain' : 'model'}-${variant}.onnx`);
    const { classes, novelty, embedding } = this.description;
    return OnnxSession.load({
      path,
      sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
      input: { name: 'image', height: SIDE, width: SIDE, outputName: 'probabilities' },
      classes: classes.length,
      ...(!isPlain && { novelty, embedding }),
    });
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
