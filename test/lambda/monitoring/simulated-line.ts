/**
 * A line in simulation, through the code of the device, of telemetry and of the monitor: one evaluation, and one after the
 * other over weeks. What its cameras see is given.
 */
import type { InferenceResult, Label, Release, Sketch } from '../../../contracts';
import { ServingSums } from '../../../edge-components/inference/src/inspection/embedding-sums';
import type { Episode } from '../../../lambda/monitoring/episode';
import {
  type EvaluateDriftOptions,
  type EvaluateDriftPorts,
  evaluateDrift,
} from '../../../lambda/monitoring/evaluate-drift/evaluate-drift';
import { evaluateRelease, type ReleaseEvaluation } from '../../../lambda/monitoring/evaluate-release';
import type { FieldBaseline } from '../../../lambda/monitoring/field-baseline';
import { USUAL_EMBEDDING_LIMIT } from '../../../lambda/monitoring/names';
import { addResult, emptySketch } from '../../../lambda/telemetry/sketch';
import { aLabel, aRelease, aResult, USE_CASE } from '../shared/builders';

export type { Cause } from '../../../lambda/monitoring/name-cause';

/** What a camera has seen, and what the release said of it. */
export interface SeenFrame {
  readonly predictedClass: string;
  readonly confidence: number;
  readonly embedding: readonly number[];
  readonly image: NonNullable<InferenceResult['image']>;
  /** What the part is. @default - what it is called */
  readonly label?: string;
}

/** As the functions have them where the configuration says nothing else. */
const OPTIONS: EvaluateDriftOptions = {
  minimumResults: 200,
  featureLimit: 0.25,
  classMixLimit: 0.5,
  embeddingLimit: USUAL_EMBEDDING_LIMIT,
  falseAlarmProbability: 0.001,
  driftLookbackHours: 24,
  accuracyLookbackHours: 168,
  accuracyDropLimit: 0.05,
  minimumEffectiveLabels: 20,
  deviceMetricLimit: 0,
  sampling: { control: 0.02, uncertainty: 0.1, disagreement: 0, novelty: 0 },
};

const [SECOND, HOUR] = [1_000, 3_600_000];
const BEGIN = Date.parse('2026-01-01T00:00:00Z');
const noShadow = (): boolean => false;

/** A release that expects what is described, with all else that one has. */
export const releaseThat = (described: Pick<Release, 'classes' | 'baseline' | 'embedding'>): Release =>
  aRelease({ ...described });

/** Without a reference it is judged by image statistics, as releases of before are. */
export function withoutReference(release: Release): Release {
  const { embedding: _, ...others } = release;
  return others;
}

/** What tells on records where frames lie, as a component does. */
export type Summing = Pick<ServingSums, 'count'>;

class SimulatedCamera {
  private milliseconds = 0;
  private readonly sums: Summing;

  /**
   * @param everySeconds how often a record carries sums of embeddings
   * @param sums @default - those of the component
   */
  constructor(
    private readonly release: Release,
    everySeconds: number,
    sums?: Summing,
  ) {
    this.sums =
      sums ??
      new ServingSums({
        clock: { monotonic: () => this.milliseconds },
        settings: () => ({ embeddingSums: { everySeconds } }),
      });
  }

  /** @param at epoch milliseconds */
  decide({ embedding, label: _, ...seen }: SeenFrame, at: number): InferenceResult {
    this.milliseconds = at;
    const sums = this.sums.count(this.release, seen.predictedClass, embedding);
    return aResult({ ...seen, releaseId: this.release.releaseId, ...(sums && { embedding: sums }) });
  }
}

const identityOf = ({ releaseId }: Release, camera: number, windowStart: number) => ({
  useCase: USE_CASE,
  releaseId,
  deviceId: `camera-${camera + 1}`,
  windowStart: new Date(windowStart).toISOString(),
});

/** One window of each camera. The frames that a device still holds back at its end are in no sum. */
function sketchesOf(
  release: Release,
  cameras: readonly (readonly SeenFrame[])[],
  summing?: () => Summing,
): Sketch[] {
  return cameras.map((frames, index) => {
    const camera = new SimulatedCamera(release, 1, summing?.());
    return frames.reduce(
      (sketch, frame, number) => addResult(sketch, camera.decide(frame, BEGIN + number * SECOND), noShadow),
      emptySketch(identityOf(release, index, BEGIN)),
    );
  });
}

/**
 * One evaluation of a window without labels.
 * @param summing of each camera. @default - as the component does
 */
export const evaluated = (
  release: Release,
  cameras: readonly (readonly SeenFrame[])[],
  summing?: () => Summing,
): ReleaseEvaluation => evaluateRelease(release, sketchesOf(release, cameras, summing), [], OPTIONS);

/** How a line is watched. */
export interface Watch {
  /** Of a window, before drift is assessed.  200 */
  readonly minimumResults?: number;
  readonly hours: number;
  readonly cameras: number;
  /** Of each camera in an hour. */
  readonly frames: number;
  /** @param share of the time that has gone by, 0..1 */
  readonly see: (share: number) => SeenFrame;
  /** One frame in so many is drawn as a control capture, and labelled by the next evaluation. @default - none */
  readonly framesPerLabel?: number;
}

export interface Watched {
  /** Those that had enough results. */
  readonly evaluations: number;
  /** That were opened. */
  readonly episodes: readonly Episode[];
  /** Whether the last of them is open at the end. */
  readonly isOpen: boolean;
}

/** Tables in memory. A line that is watched has one release, and nothing is trained. */
function memoryPorts(
  release: Release,
  { sketches, labels }: { readonly sketches: readonly Sketch[]; readonly labels: readonly Label[] },
  clock: { readonly now: number },
) {
  const episodes: Episode[] = [];
  const baselines = new Map<string, FieldBaseline>();
  let current: Episode | undefined;
  const ports: EvaluateDriftPorts = {
    now: () => new Date(clock.now),
    champion: async () => ({ release, exportUri: 's3://models/pipelines/first/export/' }),
    sketches: async (_, since) => sketches.filter(({ windowStart }) => windowStart >= since),
    labels: async (_, since) => labels.filter(({ capturedAt }) => capturedAt >= since),
    episodes: {
      current: async () => current,
      all: async () => episodes,
      open: async (episode) => {
        if (current) return false;
        episodes.push(episode);
        current = episode;
        return true;
      },
      close: async (episodeId) => {
        if (current?.episodeId !== episodeId) return false;
        current = undefined;
        return true;
      },
    },
    fieldBaselines: {
      get: async (releaseId) => baselines.get(releaseId),
      keep: async (baseline) => void baselines.set(baseline.releaseId, baseline),
    },
    assessed: async () => undefined,
    silentDevices: async () => [],
    driftDetected: async () => undefined,
    report: () => undefined,
  };
  return { ports, episodes, isOpen: () => current !== undefined };
}

function controlLabel({ releaseId }: Release, frame: SeenFrame, at: number, framesPerLabel: number): Label {
  const { predictedClass, confidence, label = predictedClass } = frame;
  return aLabel({
    releaseId,
    label,
    predictedClass,
    confidence,
    capturedAt: new Date(at).toISOString(),
    inclusionProbability: 1 / framesPerLabel,
  });
}

/**
 * Sketches of an hour, evaluated every hour over the last 24 hours, as the production environment has it: windows
 * overlap, so that 23 of 24 hours of one evaluation are in the next.
 */
export async function watched(release: Release, watch: Watch): Promise<Watched> {
  const recent: Sketch[] = [];
  const labels: Label[] = [];
  const clock = { now: BEGIN };
  const { ports, episodes, isOpen } = memoryPorts(release, { sketches: recent, labels }, clock);
  const cameras = Array.from({ length: watch.cameras }, () => new SimulatedCamera(release, 900));
  const options = { ...OPTIONS, minimumResults: watch.minimumResults ?? OPTIONS.minimumResults };
  const { framesPerLabel } = watch;
  let [evaluations, frames] = [0, 0];
  for (let hour = 0; hour < watch.hours; hour++) {
    const from = BEGIN + hour * HOUR;
    for (const [index, camera] of cameras.entries()) {
      let sketch = emptySketch(identityOf(release, index, from));
      for (let frame = 0; frame < watch.frames; frame++) {
        const at = from + (frame * HOUR) / watch.frames;
        const seen = watch.see(hour / watch.hours);
        sketch = addResult(sketch, camera.decide(seen, at), noShadow);
        if (framesPerLabel && ++frames % framesPerLabel === 0) {
          labels.push(controlLabel(release, seen, at, framesPerLabel));
        }
      }
      recent.push(sketch);
    }
    clock.now = from + HOUR;
    recent.splice(0, recent.length - watch.cameras * (OPTIONS.driftLookbackHours + 1));
    const outcome = await evaluateDrift(ports, options);
    if (outcome.kind === 'EVALUATED' && outcome.assessment.kind !== 'NO_DATA') evaluations++;
  }
  return { evaluations, episodes, isOpen: isOpen() };
}
