/** Gathers the report's figures from what was found, trained and seen. */

import { leftOutByReason } from '../../cli/dataset/layouts/left-out';
import { spread } from '../../cli/dataset/thumbnails';
import type { DatasetUploadItem } from '../../cli/dataset/upload-item';
import { thumbnailUri } from '../../cli/shared/thumbnail';
import type { TrainingOutcome } from '../../cli/training/follow-training';
import type { DatasetReport } from '../../contracts';
import type { CompleteImagePolicy } from '../../contracts/image-policy';
import type { LoopContext } from '../../demo/context';
import type { MemorySampler } from '../../demo/memory-sampler';
import { readEvaluation } from '../../demo/pipeline';
import { sizeOfObjects } from '../../demo/stored-objects';
import { CAPTURE_PREFIX } from '../../lambda/telemetry/names';
import type { TryRequest } from '../arguments';
import type { Line } from '../line';
import type { TryPlan } from '../plan';
import { inspectionOf } from './figures';
import type { Inspection, Mistake, MistakeKind, TryReportData } from './report-data';

/** Of a class in the data set's section. */
const PICTURES_OF_CLASS = 4;
/** Of each kind of mistake: enough to see a pattern, and a page of a few megabytes. */
const PICTURES_OF_KIND = 24;
const MOST_SIZES = 5;

export interface GatherInput {
  readonly request: TryRequest;
  readonly plan: TryPlan;
  readonly context: LoopContext;
  /** Of the training. */
  readonly executionArn: string;
  readonly outcome: TrainingOutcome;
  /** Absent when nothing was rolled out. */
  readonly line: Line | undefined;
  readonly memory: MemorySampler;
}

export async function gatherReport(input: GatherInput): Promise<TryReportData> {
  const { request, plan, context, executionArn, outcome, line, memory } = input;
  const { console, models, rollouts } = context;
  const inspection = line && line.inspected.length > 0 ? await inspected(plan, line) : undefined;
  return {
    generatedAt: new Date().toISOString(),
    name: request.name,
    source: request.source,
    dataset: await datasetOf(plan),
    passBecause: plan.passClasses.because,
    training: {
      script: plan.script?.name ?? "The project's own script",
      epochs: plan.epochs,
      input: inputInWords(plan.imagePolicy),
      sentence: outcome.sentence,
      registered: outcome.succeeded,
      evaluation: await evaluationOf(context, executionArn),
    },
    models,
    rollouts,
    inspection,
    bandwidth: line && (await bandwidthOf(context, line)),
    phases: console.phases,
    totalSeconds: console.totalSeconds,
    peakMemoryBytes: memory.peakBytes,
  };
}

async function evaluationOf(
  context: LoopContext,
  executionArn: string,
): Promise<TryReportData['training']['evaluation']> {
  const evaluation = await readEvaluation(context, executionArn);
  if (!evaluation) return undefined;
  const { accuracy, linearBaselineAccuracy, classes, confusion: rows } = evaluation;
  const title = 'Held-out images, as the training measured the model';
  return { accuracy, linearBaselineAccuracy, confusion: { title, classes, rows } };
}

export const inputInWords = ({ width, height, fit, colour, region }: CompleteImagePolicy): string =>
  `${width} × ${height} pixels, ${fit}, ${colour === 'gray' ? 'gray' : 'colour'}${region ? ', cut to a region' : ''}`;

async function bandwidthOf(
  { clients, environment }: LoopContext,
  line: Line,
): Promise<NonNullable<TryReportData['bandwidth']>> {
  await line.observations.refresh();
  const { bytes, frames } = line.totals();
  const bucket = environment.output('TelemetryBucketName');
  return {
    frames,
    streamedBytes: bytes,
    resultBytes: line.observations.lineBytes,
    captureBytes: await sizeOfObjects(clients.s3, bucket, CAPTURE_PREFIX),
  };
}

async function inspected(
  { heldOut, heldOutItems, examination, passClasses }: TryPlan,
  line: Line,
): Promise<Inspection> {
  const inspection = inspectionOf({
    shown: line.inspected,
    notShown: heldOutItems - heldOut.length,
    observations: line.observations.all,
    classes: examination.report.classes,
    passClasses: passClasses.names,
    devices: line.devices,
  });
  const images = new Map(heldOut.map(({ name = '', jpeg }) => [name, jpeg]));
  return { ...inspection, mistakes: await withPictures(inspection.mistakes, images) };
}

/** Some of each kind get a picture, spread over all of them. */
async function withPictures(
  mistakes: readonly Mistake[],
  images: ReadonlyMap<string, Buffer>,
): Promise<Mistake[]> {
  const kinds = [...new Set(mistakes.map(({ kind }): MistakeKind => kind))];
  const chosen = new Set(
    kinds.flatMap((wanted) =>
      spread(
        mistakes.filter(({ kind }) => kind === wanted),
        PICTURES_OF_KIND,
      ),
    ),
  );
  return Promise.all(
    mistakes.map(async (mistake) => {
      const image = chosen.has(mistake) ? images.get(mistake.name) : undefined;
      const picture = image && (await thumbnailUri(image));
      return picture === undefined ? mistake : { ...mistake, picture };
    }),
  );
}

async function datasetOf({ examination, passClasses }: TryPlan): Promise<TryReportData['dataset']> {
  const { report, items } = examination;
  const { counts } = report;
  return {
    layout: report.layout,
    splitting: report.splitting,
    items: report.items,
    manifestSha256: report.manifestSha256,
    classes: await Promise.all(
      report.classes.map(async (name) => ({
        name,
        mayPass: passClasses.names.includes(name),
        train: counts.train[name] ?? 0,
        validation: counts.validation[name] ?? 0,
        test: counts.test[name] ?? 0,
        pictures: await picturesOf(items.filter(({ label }) => label === name)),
      })),
    ),
    sizes: report.sizes
      .slice(0, MOST_SIZES)
      .map(({ width, height, items: of }) => `${width} × ${height}: ${of} images`),
    notes: notesOf(report),
    warnings: report.warnings,
  };
}

async function picturesOf(items: readonly DatasetUploadItem[]): Promise<string[]> {
  const drawn = await Promise.all(
    spread(items, PICTURES_OF_CLASS).map(async ({ read }) => thumbnailUri(await read())),
  );
  return drawn.flatMap((uri) => uri ?? []);
}

const notesOf = ({
  renamedClasses,
  notes,
  leftOut,
  nearDuplicates,
  exactDuplicates,
}: DatasetReport): string[] => [
  ...renamedClasses.map(({ from, to }) => `class '${from}' is called '${to}'`),
  ...notes,
  ...leftOutByReason(leftOut).map(({ files, reason }) => `${files} left out: ${reason}`),
  ...(exactDuplicates.length > 0 ? [`${exactDuplicates.length} sets of images with the same bytes`] : []),
  ...(nearDuplicates.length > 0 ? [`${nearDuplicates.length} sets of images that look alike`] : []),
];
