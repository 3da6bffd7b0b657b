/** Frames for the report, as the devices saw them. */

import { grouped } from '../lambda/shared/grouped';
import type { DemoContext } from './context';
import { loadFrameStock } from './inspection-line/frame-stock';
import { isRight, type Observation } from './observations';
import type { ReportData } from './report/report-data';

const EXAMPLES_EACH = 6;

/** One of each class, by condition of the line. */
export function partsOf({ images }: Pick<DemoContext, 'images'>): ReportData['parts'] {
  return Object.entries(images.stock).flatMap(([condition, folder]) => {
    const stock = loadFrameStock(folder);
    return [...new Set(stock.map(({ label }) => label))].sort().map((label) => ({
      condition,
      label,
      jpegBase64: stock.find((frame) => frame.label === label)?.jpeg.toString('base64') ?? '',
    }));
  });
}

/** From each group in turn, spread over it, until there are enough. */
export function spreadOver<Item>(groups: ReadonlyArray<readonly Item[]>, wanted: number): Item[] {
  const full = groups.filter((group) => group.length > 0);
  const each = Math.ceil(wanted / Math.max(1, full.length));
  const drawn = full.map((group) => {
    const stride = Math.max(1, Math.floor(group.length / each));
    return group.filter((_, index) => index % stride === 0).slice(0, each);
  });
  const rounds = Array.from({ length: each }, (_, round) => drawn.flatMap((group) => group[round] ?? []));
  return rounds.flat().slice(0, wanted);
}

/** Frames right and wrong, of every release that had such, with the image as the device saw it. */
export function examplesOf(context: DemoContext, seen: readonly Observation[]): ReportData['examples'] {
  const wanted = (right: boolean) => {
    const found = seen.filter(
      (observation) => isRight(observation) === right && observation.record.predictedClass !== undefined,
    );
    return spreadOver([...grouped(found, ({ record }) => record.releaseId).values()], EXAMPLES_EACH);
  };
  return [...wanted(true), ...wanted(false)].map((observation) => ({
    jpegBase64: context.line.imageOf(observation.truth.frameId).toString('base64'),
    truth: observation.truth.label,
    predicted: observation.record.predictedClass ?? 'invalid',
    confidence: observation.record.confidence ?? 0,
    releaseId: observation.record.releaseId,
    right: isRight(observation),
  }));
}
