/** Whether a release is right as often as the one before: by labels, or by how little the two disagree. Pure. */
import { inclusionProbabilityOf, type SamplingPolicy } from '../../monitoring/label-weights';
import { type ClusterCount, type ClusterShare, clusterShare } from '../../shared/cluster-share';
import { grouped } from '../../shared/grouped';
import type { JudgedLabel } from './evidence';
import { type Finding, type LabelNeed, labelsNeeded, neediest, percent, SURE } from './finding';
import { dropBetween } from './intervals';
import type { JudgeInput } from './judge-input';
import { disagreementOf, MOST_EXCUSED } from './judge-rates';

/** Labels on each side below which accuracies are not compared. */
const MINIMUM_LABELS = 30;
const BOTH_SURE = { lower: SURE.lower, upper: SURE.lower };
const BOTH_LIKELY = { lower: SURE.upper, upper: SURE.upper };

interface LabelledDevice extends ClusterCount {
  readonly deviceId: string;
  readonly labels: number;
}

/** Right answers and labels of each device, as an evenly drawn sample that would say as much (Kish 1965). */
export function labelledDevices(labels: readonly JudgedLabel[], policy: SamplingPolicy): LabelledDevice[] {
  const classified = labels.filter(({ predictedClass }) => predictedClass !== undefined);
  return [...grouped(classified, ({ deviceId }) => deviceId)].map(([deviceId, own]) => {
    const weights = own.map((label) => 1 / inclusionProbabilityOf(label, policy));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const right = own.reduce(
      (total, { label, predictedClass }, index) =>
        label === predictedClass ? total + (weights[index] as number) : total,
      0,
    );
    const of = sum ** 2 / weights.reduce((total, weight) => total + weight ** 2, 0);
    return { deviceId, count: (right / sum) * of, of, labels: own.length };
  });
}

const total = (devices: readonly LabelledDevice[]): number =>
  devices.reduce((sum, { labels }) => sum + labels, 0);

/** What labels say of both, or `undefined` while there are too few. */
function byLabels(now: readonly LabelledDevice[], then: readonly LabelledDevice[], limit: number) {
  if (total(now) < MINIMUM_LABELS || total(then) < MINIMUM_LABELS) return undefined;
  const [sureNow, sureThen] = [clusterShare(now, BOTH_SURE), clusterShare(then, BOTH_SURE)];
  const [likelyNow, likelyThen] = [clusterShare(now, BOTH_LIKELY), clusterShare(then, BOTH_LIKELY)];
  if (!sureNow || !sureThen || !likelyNow || !likelyThen) return undefined;
  const lower = dropBetween(sureThen, sureNow).lower;
  const { value, upper } = dropBetween(likelyThen, likelyNow);
  return {
    now: sureNow,
    before: sureThen,
    value,
    lower,
    upper,
    isBad: lower > limit,
    isGood: value <= limit && upper <= MOST_EXCUSED * limit,
  };
}

/** Labels of the release that would show that it is as good as the one before, if it is. */
function needOf(
  input: JudgeInput,
  now: readonly LabelledDevice[],
  then: readonly LabelledDevice[],
): LabelNeed {
  const { devices } = input.released;
  const known = new Map(now.map((device) => [device.deviceId, device]));
  const likely = clusterShare(then, BOTH_LIKELY)?.value ?? USUAL_ACCURACY;
  const withMore = (given: ReadonlyMap<string, LabelledDevice>, more: number): LabelledDevice[] => {
    const each = more / devices.length;
    return devices.map(({ deviceId }) => {
      const { count = 0, of = 0, labels = 0 } = given.get(deviceId) ?? {};
      return { deviceId, count: count + likely * each, of: of + each, labels: labels + each };
    });
  };
  const before = new Map(then.map((device) => [device.deviceId, device]));
  const labels = labelsNeeded((more) => {
    const missing = Math.max(0, MINIMUM_LABELS - total(then));
    const settled = byLabels(
      withMore(known, more),
      missing > 0 ? withMore(before, Math.max(missing, more)) : then,
      input.limits.accuracyDrop,
    );
    return settled?.isGood ?? false;
  });
  const labelsOf = new Map(devices.map(({ deviceId }) => [deviceId, known.get(deviceId)?.labels ?? 0]));
  return { labels, of: 'any', devices: neediest(labelsOf) };
}

/** For how many labels to ask where the release before has none. */
const USUAL_ACCURACY = 0.95;

const shown = ({ value }: ClusterShare, devices: readonly LabelledDevice[]): string =>
  `${percent(value)} on ${total(devices)} labels`;

export function judgeAccuracy(input: JudgeInput): Finding {
  const { released, previous, limits, sampling } = input;
  if (!previous) {
    const sentence = 'Accuracy: there is no previous release to compare with.';
    return { kind: 'NOT_JUDGED', sentence, numbers: {} };
  }
  const limit = limits.accuracyDrop;
  const [now, then] = [released, previous].map(({ labels }) => labelledDevices(labels, sampling)) as [
    LabelledDevice[],
    LabelledDevice[],
  ];
  const settled = byLabels(now, then, limit);
  const numbers = settled && {
    accuracy: settled.now.value,
    previousAccuracy: settled.before.value,
    accuracyDrop: settled.value,
    accuracyDropLower: settled.lower,
  };
  if (settled && (settled.isBad || settled.isGood)) {
    return {
      kind: settled.isBad ? 'BAD' : 'GOOD',
      sentence: `Accuracy: ${shown(settled.now, now)}, the previous release's ${shown(settled.before, then)}: a drop of ${percent(settled.value)} (surely above ${percent(settled.lower)}, hardly above ${percent(settled.upper)}), limit ${percent(limit)}.`,
      numbers: { ...numbers, settledByLabels: 1 },
    };
  }
  const counted = `${total(now)} labels of the new and ${total(then)} of the previous release`;
  if (input.answeredEpisodeId !== undefined) {
    return {
      kind: 'NOT_JUDGED',
      sentence: `Accuracy: not settled by ${counted}; not waited for, because the release answers the drift episode ${input.answeredEpisodeId}.`,
      numbers: numbers ?? {},
    };
  }
  const apart = disagreementOf(input);
  if (apart && apart.value <= limit && apart.upper <= MOST_EXCUSED * limit) {
    return {
      kind: 'GOOD',
      sentence: `Accuracy: the releases disagree on ${percent(apart.value)} of the shadowed frames, so it cannot have fallen by more; limit ${percent(limit)}.`,
      numbers: numbers ?? {},
    };
  }
  const need = needOf(input, now, then);
  return {
    kind: 'UNCLEAR',
    sentence: `Accuracy: not settled by ${counted}, and the releases disagree on ${apart ? percent(apart.value) : 'an unknown share'} of the frames; ${need.labels} more labels would settle it for a release as good as the previous one.`,
    numbers: numbers ?? {},
    need,
  };
}
