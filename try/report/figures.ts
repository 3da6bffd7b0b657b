/** What the devices made of the held-out images. Pure. */
import { confusionOf, percentile } from '../../demo/figures';
import type { ShownFrame } from '../../demo/inspection-line/inspection-line';
import type { Observation } from '../../demo/observations';
import { wilsonInterval } from '../../lambda/shared/intervals';
import type { Inspection, Mistake, MistakeKind, Share } from './report-data';

export function shareOf(count: number, of: number): Share {
  if (of === 0) return { count, of, lower: null, upper: null };
  const { lower, upper } = wilsonInterval(count / of, of);
  return { count, of, lower, upper };
}

/** @returns undefined when nothing is wrong with it */
export function mistakeOf(
  { record, truth }: Observation,
  passClasses: readonly string[],
): MistakeKind | undefined {
  const isGood = passClasses.includes(truth.label);
  if (record.disposition === 'review' || record.disposition === undefined) return 'review';
  if (record.disposition === 'pass') return isGood ? undefined : 'escape';
  if (isGood) return 'falseReject';
  return record.predictedClass === truth.label ? undefined : 'otherDefect';
}

export interface InspectionInput {
  /** In the order in which they were shown, each held-out image once. */
  readonly shown: readonly ShownFrame[];
  readonly notShown: number;
  /** Of everything that was shown. */
  readonly observations: readonly Observation[];
  readonly classes: readonly string[];
  readonly passClasses: readonly string[];
  readonly devices: ReadonlyArray<{
    readonly deviceId: string;
    readonly wave: string;
    readonly nucleus: string;
  }>;
}

function classRow(
  name: string,
  mayPass: boolean,
  seen: readonly Observation[],
): Inspection['classes'][number] {
  const of = seen.filter(({ truth }) => truth.label === name);
  const became = (disposition: string): number =>
    of.filter(({ record }) => record.disposition === disposition).length;
  const passed = became('pass');
  const rejected = became('reject');
  return {
    ...{ name, mayPass, passed, rejected },
    shown: of.length,
    right: of.filter(({ record }) => record.predictedClass === name).length,
    // Whatever nobody has decided on is a person's.
    reviewed: of.length - passed - rejected,
  };
}

/** Without pictures. */
export function inspectionOf(input: InspectionInput): Inspection {
  const { shown, notShown, classes, passClasses } = input;
  const ids = new Set(shown.map(({ frameId }) => frameId));
  const seen = input.observations.filter(({ truth }) => ids.has(truth.frameId));
  const rows = classes.map((name) => classRow(name, passClasses.includes(name), seen));
  const sum = (
    of: readonly Inspection['classes'][number][],
    field: 'shown' | 'right' | 'passed' | 'rejected' | 'reviewed',
  ) => of.reduce((total, row) => total + row[field], 0);
  const goods = rows.filter(({ mayPass }) => mayPass);
  const defects = rows.filter(({ mayPass }) => !mayPass);
  const mistakes = seen.flatMap((observation): Mistake[] => {
    const kind = mistakeOf(observation, passClasses);
    const { record, truth } = observation;
    const { predictedClass: predicted, confidence } = record;
    return kind
      ? [{ kind, name: truth.name ?? truth.frameId, truth: truth.label, predicted, confidence }]
      : [];
  });
  return {
    shown: shown.length,
    notShown,
    unanswered: shown.length - seen.length,
    right: shareOf(sum(rows, 'right'), seen.length),
    escapes: shareOf(sum(defects, 'passed'), sum(defects, 'shown')),
    falseRejects: shareOf(sum(goods, 'rejected'), sum(goods, 'shown')),
    review: shareOf(sum(rows, 'reviewed'), seen.length),
    classes: rows,
    confusion: confusionOf('Held-out images, as the devices classified them', seen),
    mistakes,
    devices: input.devices.map((device) => {
      const own = seen.filter(({ record }) => record.deviceId === device.deviceId);
      const median = percentile(
        own.map(({ record }) => record.latencyMilliseconds.total),
        0.5,
      );
      return { ...device, images: own.length, medianMilliseconds: Number.isFinite(median) ? median : null };
    }),
  };
}
