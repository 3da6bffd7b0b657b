/**
 * Whether more defective parts pass than before. Accuracy does not tell: a release that rejects fewer good parts and lets
 * more defects pass has the same. Both releases answer the same frames, so that only the frames that pass now and did not
 * before can be new escapes, and only those that do not pass any more can be escapes that are gone: labels of these say
 * more than a hundred times as many of others (McNemar 1947: what both releases let pass says nothing). Pure.
 */
import type { Release } from '../../../contracts';
import { dispositionOf, estimateEscapes, isGood, type JudgedBy } from '../../monitoring/estimate-escapes';
import { type ClusterCount, type ClusterShare, clusterShare } from '../../shared/cluster-share';
import { grouped } from '../../shared/grouped';
import { shadowCountsOf } from '../../telemetry/sketch';
import type { JudgedLabel, ReleaseEvidence } from './evidence';
import {
  type Finding,
  finerPercent,
  labelsNeeded,
  neediest,
  percent,
  SURE,
  SURE_OF_ESCAPES,
} from './finding';
import { dropBetween } from './intervals';
import type { JudgeInput } from './judge-input';
import { countsOf } from './judge-rates';

/**
 * Of the escapes in which the releases differ, the share that is new. As many come as go where nothing has changed:
 * a half. What has doubled makes at least two thirds of it, since no more can go than there were. Certainly above a half,
 * and not by a hair, is bad; hardly two thirds is good.
 */
const NEW_ESCAPES = { unchanged: 0.5, notByAHair: 0.6, doubled: 2 / 3 };
/** By how much the escapes of labelled defects may rise where frames were not compared, new / previous. */
const LARGEST_RISE = 1.5;

export const judgedBy = ({ dispositionPolicy, thresholds }: Pick<Release, keyof JudgedBy>): JudgedBy => ({
  ...(dispositionPolicy && { dispositionPolicy }),
  thresholds,
});

interface Direction {
  readonly labels: number;
  readonly defects: number;
  readonly ofDevices: ReadonlyMap<string, ClusterCount>;
}

/** Labels of frames on which the releases part in one direction, and how many of the parts are defective. */
function direction(labels: readonly JudgedLabel[], by: JudgedBy): Direction {
  const ofDevices = new Map(
    [...grouped(labels, ({ deviceId }) => deviceId)].map(([deviceId, own]) => [
      deviceId,
      { count: own.filter(({ label }) => !isGood(label, by)).length, of: own.length },
    ]),
  );
  const sum = (of: (one: ClusterCount) => number) =>
    [...ofDevices.values()].reduce((total, one) => total + of(one), 0);
  return { labels: sum(({ of }) => of), defects: sum(({ count }) => count), ofDevices };
}

function directionsOf({ labels }: ReleaseEvidence, previousId: string, by: JudgedBy) {
  const compared = labels.filter(({ shadow }) => shadow?.releaseId === previousId);
  const passes = (label: JudgedLabel) => dispositionOf(label, by) === 'pass';
  const passed = ({ shadow }: JudgedLabel) => shadow?.disposition === 'pass';
  return {
    gained: direction(
      compared.filter((label) => passes(label) && !passed(label)),
      by,
    ),
    lost: direction(
      compared.filter((label) => !passes(label) && passed(label)),
      by,
    ),
  };
}

/** Of the escapes in which the releases differ, the share that is new. */
function newShare(gained: Direction, lost: Direction): ClusterShare | undefined {
  const devices = new Set([...gained.ofDevices.keys(), ...lost.ofDevices.keys()]);
  const clusters = [...devices].map((deviceId) => {
    const [come, gone] = [gained, lost].map(({ ofDevices }) => ofDevices.get(deviceId)?.count ?? 0) as [
      number,
      number,
    ];
    return { count: come, of: come + gone };
  });
  return clusterShare(clusters, SURE_OF_ESCAPES);
}

/** Escapes among the labelled defects of control captures, device by device. */
function controlClusters({ labels }: ReleaseEvidence, by: JudgedBy): ClusterCount[] {
  return [...grouped(labels, ({ deviceId }) => deviceId).values()].flatMap((own) => {
    const { escapes } = estimateEscapes(own, by);
    return escapes ? [escapes] : [];
  });
}

/** Whether labels of control captures alone say that more defects pass. */
function risesByControl(input: JudgeInput, released: JudgedBy, previous: JudgedBy): boolean {
  if (!input.previous) return false;
  const sure = { lower: SURE.lower, upper: SURE.lower };
  const now = clusterShare(controlClusters(input.released, released), sure);
  const then = clusterShare(controlClusters(input.previous, previous), sure);
  return (
    now !== undefined &&
    then !== undefined &&
    dropBetween(now, then).lower > 0 &&
    now.value >= LARGEST_RISE * then.value
  );
}

/** Escapes and false rejects of both, as control captures tell them. */
function numbersOf(input: JudgeInput): Record<string, number> {
  const named = (prefix: string, evidence?: ReleaseEvidence, by?: JudgedBy): [string, number][] => {
    if (!evidence || !by) return [];
    const { escapes, falseRejects } = estimateEscapes(evidence.labels, by);
    return Object.entries({ EscapeRate: escapes, FalseRejectRate: falseRejects }).flatMap(([name, share]) => {
      if (!share) return [];
      const key = prefix ? `${prefix}${name}` : `${name[0]?.toLowerCase()}${name.slice(1)}`;
      return [
        [key, share.value],
        [`${key}Lower`, share.lower],
        [`${key}Upper`, share.upper],
      ] as [string, number][];
    });
  };
  const { releases } = input;
  return Object.fromEntries([
    ...named('', input.released, releases.released),
    ...named('previous', input.previous, releases.previous),
  ]);
}

const words = (numbers: Readonly<Record<string, number>>): string => {
  const rate = (key: string) =>
    numbers[key] === undefined
      ? 'unknown'
      : `${percent(numbers[key])} (${percent(numbers[`${key}Lower`] ?? 0)} to ${percent(numbers[`${key}Upper`] ?? 1)})`;
  return `by control captures ${rate('escapeRate')} of defective parts pass, ${rate('previousEscapeRate')} with the previous release; of good parts ${rate('falseRejectRate')} are rejected, ${rate('previousFalseRejectRate')} before`;
};

export function judgeEscapes(input: JudgeInput): Finding {
  const { releases, previous, limits } = input;
  const numbers = numbersOf(input);
  const not = (why: string): Finding => ({
    kind: 'NOT_JUDGED',
    sentence: `Escapes: ${why}; ${words(numbers)}.`,
    numbers,
  });
  if (!previous || !releases.previous) return not('there is no previous release to compare with');
  if (!releases.released.dispositionPolicy || !releases.previous.dispositionPolicy) {
    return not('one of the releases does not say which classes pass');
  }
  const { gained, lost } = directionsOf(input.released, previous.releaseId, releases.released);
  const share = newShare(gained, lost);
  const flow = countsOf(
    input.released.devices,
    (sketch) => shadowCountsOf(sketch).newlyPassed,
    (sketch) => shadowCountsOf(sketch).directed,
  );
  const all = {
    ...numbers,
    newEscapes: gained.defects,
    goneEscapes: lost.defects,
    ...(flow && { newlyPassedRate: flow.value }),
  };
  const labelled = `${gained.defects} of ${gained.labels} labelled parts that pass now and did not before are defective, and ${lost.defects} of ${lost.labels} that do not pass any more`;
  const say = (kind: Finding['kind'], why: string): Finding => ({
    kind,
    sentence: `Escapes: ${why}: ${labelled}; ${words(numbers)}.`,
    numbers: all,
  });
  const { unchanged, notByAHair, doubled } = NEW_ESCAPES;
  if (share && share.lower > unchanged && share.value >= notByAHair) return say('BAD', 'they have risen');
  if (risesByControl(input, releases.released, releases.previous)) return say('BAD', 'they have risen');
  if (share && share.upper < doubled) return say('GOOD', 'they have hardly doubled');
  if (input.answeredEpisodeId !== undefined) {
    return say('NOT_JUDGED', 'not waited for, because the release answers a drift episode');
  }
  if (!flow) return say('UNCLEAR', 'no frame tells what both releases make of a part');
  const rare = flow.value <= limits.escapeIncrease;
  if (rare) return say('GOOD', `${finerPercent(flow.value)} of the frames pass newly, too few to matter`);
  return byDefectShare(input, gained, flow, say);
}

/** Of the parts that pass newly, so few are defective that escapes have not risen by more than is allowed. */
function byDefectShare(
  input: JudgeInput,
  { ofDevices }: Direction,
  flow: ClusterShare,
  say: (kind: Finding['kind'], why: string) => Finding,
): Finding {
  const { escapeIncrease } = input.limits;
  const rise = (clusters: readonly ClusterCount[]): number =>
    flow.value * (clusterShare(clusters, SURE_OF_ESCAPES)?.upper ?? 1);
  const most = rise([...ofDevices.values()]);
  const passed = `${finerPercent(flow.value)} of the frames pass newly`;
  if (most <= escapeIncrease) {
    return say(
      'GOOD',
      `${passed}, and hardly ${finerPercent(most)} are new escapes, limit ${finerPercent(escapeIncrease)}`,
    );
  }
  const devices = input.released.devices.map(({ deviceId }) => deviceId);
  const labels = labelsNeeded((more) => {
    const given = devices.map((deviceId) => {
      const { count = 0, of = 0 } = ofDevices.get(deviceId) ?? {};
      return { count, of: of + more / devices.length };
    });
    return rise(given) <= escapeIncrease;
  });
  const labelsOf = new Map(devices.map((deviceId) => [deviceId, ofDevices.get(deviceId)?.of ?? 0]));
  const finding = say(
    'UNCLEAR',
    `${passed}, of which up to ${finerPercent(most)} of the frames may be new escapes, limit ${finerPercent(escapeIncrease)}; ${labels} more labels of such frames would settle it, were they all good`,
  );
  return { ...finding, need: { labels, of: 'newly-passed', devices: neediest(labelsOf) } };
}
