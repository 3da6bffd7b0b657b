/** Frames of the verdict's benchmark with the answers of both networks, trained as the demo does: the device's, and the larger one in the cloud. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Release } from '../../contracts';
import { OnnxSession } from '../../edge-components/inference/src/models/inference-session';
import type { DecodedImage } from '../../edge-components/inference/src/ports';
import { made, PACKAGE, type Recipe, TRAINING_INGREDIENTS } from '../recipe';
import type { SuiteContext } from '../suite';
import { type AnsweredFrame, DEMO_TRAINING, VerdictContext } from '../verdict/frames';

export interface TwiceAnsweredFrame extends AnsweredFrame {
  /** Of the larger network. */
  readonly second: readonly number[];
  /** Of the JPEG, as a camera sends it. */
  readonly bytes: number;
}

/** opinions.json of opinion_frames.py. */
interface Opinions {
  readonly classes: readonly string[];
  readonly thresholds: Release['thresholds'];
  readonly frames: Readonly<Record<string, ReadonlyArray<readonly [number[], number]>>>;
}

const OPINIONS: Recipe = {
  name: 'opinions',
  script: 'opinion_frames.py',
  ingredients: [
    ...TRAINING_INGREDIENTS,
    'bench/python/inspected_line.py',
    'bench/python/verdict_frames.py',
    `${PACKAGE}/forward.py`,
    `${PACKAGE}/onnx_model.py`,
    `${PACKAGE}/beta_calibration.py`,
    `${PACKAGE}/operating_point.py`,
    'training/requirements.lock',
  ],
  announcement: 'training the larger network and rendering frames, which takes about ten minutes',
};

export class SecondOpinionContext implements SuiteContext {
  private constructor(
    private readonly verdicts: VerdictContext,
    private readonly folder: string,
    private readonly opinions: Opinions,
  ) {}

  static async prepare(this: void): Promise<SecondOpinionContext> {
    const verdicts = await VerdictContext.trainedAs(DEMO_TRAINING);
    const folder = await made(OPINIONS);
    const opinions = JSON.parse(readFileSync(join(folder, 'opinions.json'), 'utf8')) as Opinions;
    return new SecondOpinionContext(verdicts, folder, opinions);
  }

  /** Of one cause each; without the steady line. */
  get shifts(): string[] {
    return this.verdicts.shifts;
  }

  frames(condition: string): TwiceAnsweredFrame[] {
    const rows = this.opinions.frames[condition] ?? [];
    return this.verdicts.frames(condition).map((frame, index) => {
      const [second, bytes] = rows[index] ?? [[], 0];
      return { ...frame, second, bytes };
    });
  }

  /** What decides on a device, and about an answer. */
  release(mayPass: boolean) {
    const { release } = this.verdicts;
    const model = { name: 'model-cloud.onnx', sha256: '0'.repeat(64), bytes: 1 };
    return { ...release, secondOpinion: { model, thresholds: this.opinions.thresholds, mayPass } };
  }

  get images(): DecodedImage[] {
    return this.verdicts.images;
  }

  /** The device's graph, as it is deployed. */
  device(variant: 'fp32' | 'int8'): Promise<OnnxSession> {
    return this.verdicts.session(variant, false);
  }

  /** The larger one. */
  cloud(): Promise<OnnxSession> {
    const path = join(this.folder, 'model-cloud.onnx');
    const [{ width, height }] = this.images as [DecodedImage];
    return OnnxSession.load({
      path,
      sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
      input: { name: 'image', height, width, outputName: 'probabilities' },
      classes: this.opinions.classes.length,
    });
  }

  close(): Promise<void> {
    return this.verdicts.close();
  }
}
