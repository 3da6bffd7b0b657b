/** Frames with the answers of the default script's model, of a steady line and of all that may change there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Release } from '../../contracts';
import type { SeenFrame } from '../../test/lambda/monitoring/simulated-line';
import { LINE_INGREDIENTS, made, type Recipe } from '../recipe';
import type { SuiteContext } from '../suite';

export interface Frame extends SeenFrame {
  /** What the part is. */
  readonly label: string;
}

type Row = [
  label: string,
  predictedClass: string,
  confidence: number,
  embedding: number[],
  brightness: number,
  contrast: number,
  sharpness: number,
];

/** Share of draws that alarm, by stream and by rival. */
export type RivalAlarms = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** drift.json of drift_frames.py. */
interface Description {
  readonly classes: string[];
  readonly baseline: Release['baseline'];
  readonly embedding: NonNullable<Release['embedding']>;
  readonly frames: Readonly<Record<string, readonly Row[]>>;
  readonly rivals: RivalAlarms;
  readonly spread: Spread;
}

/** How residuals of embeddings vary. */
export interface Spread {
  /** Degrees of freedom of those of each class. */
  readonly degrees: Readonly<Record<string, number>>;
  /** By how much those of two views of a part correlate. */
  readonly views: number;
}

const FRAMES: Recipe = {
  name: 'drift',
  script: 'drift_frames.py',
  ingredients: [
    ...LINE_INGREDIENTS,
    'bench/drift/streams.json',
    'bench/python/residual_spread.py',
    'bench/python/shift_tests.py',
  ],
  announcement:
    'training the default script, rendering frames and testing them, which takes about eight minutes',
};

function frameOf([
  label,
  predictedClass,
  confidence,
  embedding,
  brightness,
  contrast,
  sharpness,
]: Row): Frame {
  return { label, predictedClass, confidence, embedding, image: { brightness, contrast, sharpness } };
}

/** Frames of one condition. */
export interface Pool {
  readonly all: readonly Frame[];
  readonly good: readonly Frame[];
  readonly defective: readonly Frame[];
}

const poolOf = (all: readonly Frame[]): Pool => ({
  all,
  good: all.filter(({ label }) => label === 'good'),
  defective: all.filter(({ label }) => label !== 'good'),
});

export class DriftContext implements SuiteContext {
  readonly rivals: RivalAlarms;
  private readonly pools: ReadonlyMap<string, Pool>;

  private constructor(private readonly description: Description) {
    this.rivals = description.rivals;
    this.pools = new Map(
      Object.entries(description.frames).map(([name, rows]) => [name, poolOf(rows.map(frameOf))]),
    );
  }

  static async prepare(this: void): Promise<DriftContext> {
    return DriftContext.of(await made(FRAMES));
  }

  /** @param folder with what drift_frames.py has written */
  static of(folder: string): DriftContext {
    return new DriftContext(JSON.parse(readFileSync(join(folder, 'drift.json'), 'utf8')) as Description);
  }

  /** @throws Error when there are no such frames */
  pool(name: string): Pool {
    const pool = this.pools.get(name);
    if (!pool) throw new Error(`drift_frames.py has rendered no frames '${name}'`);
    return pool;
  }

  get spread(): Spread {
    return this.description.spread;
  }

  /** What the monitor judges by. */
  get described(): Pick<Release, 'classes' | 'baseline' | 'embedding'> {
    const { classes, baseline, embedding } = this.description;
    return { classes, baseline, embedding };
  }

  async close(): Promise<void> {}
}
