/** Rates that should be low: invalid and uncertain results, disagreement with the release before. Pure. */
import type { Sketch } from '../../../contracts';
import { type ClusterShare, clusterShare } from '../../shared/cluster-share';
import type { DeviceEvidence } from './evidence';
import { type Finding, percent, SURE } from './finding';
import type { JudgeInput } from './judge-input';

/**
 * Share of parts that a release may send to the human lane when nothing is known of the release before. There is no
 * knob for it: a release that is unsure of every second part inspects nothing.
 */
const UNCERTAIN_LIMIT = 0.5;
/** Chance excuses at most twice the limit, as at the gate (ADR 0013). */
export const MOST_EXCUSED = 2;

export const countsOf = (
  devices: readonly DeviceEvidence[],
  count: (sketch: Sketch) => number,
  of: (sketch: Sketch) => number,
): ClusterShare | undefined =>
  clusterShare(
    devices.map(({ sketch }) => ({ count: count(sketch), of: of(sketch) })),
    SURE,
  );

export const shown = ({ value, of, clusters, lower, upper }: ClusterShare, what: string): string =>
  `${percent(value)} of ${Math.round(of)} ${what} of ${clusters === 1 ? 'one device' : `${clusters} devices`} (surely above ${percent(lower)}, hardly above ${percent(upper)})`;

/** Above the limit for sure is bad; good is at most the limit, and hardly twice it. */
export function compareShare(share: ClusterShare, limit: number): Finding['kind'] {
  if (share.lower > limit) return 'BAD';
  return share.value <= limit && share.upper <= MOST_EXCUSED * limit ? 'GOOD' : 'UNCLEAR';
}

/** How much higher than before a rate may turn out by chance, on the same devices: by a quarter and one in a thousand. */
const AS_BEFORE = { times: 1.25, more: 0.001 };

/**
 * A rate that should be low. Where the release before had a higher one than the limit, the camera or the parts are the
 * cause and not the new release: then its upper bound is the limit. Where few devices leave much open, a rate that the same
 * devices had before is no reason to wait.
 */
function judgeRate(name: 'invalid' | 'uncertain', words: string, limit: number, input: JudgeInput): Finding {
  const rate = (devices: readonly DeviceEvidence[]) =>
    countsOf(
      devices,
      (sketch) => sketch[name],
      (sketch) => sketch.results,
    );
  const share = rate(input.released.devices);
  if (!share) return { kind: 'NOT_JUDGED', sentence: `${words}: no results.`, numbers: {} };
  const before = input.previous && rate(input.previous.devices);
  const previous = before && before.of >= input.minimumResults ? before : undefined;
  const excused = previous !== undefined && previous.value > limit;
  const allowed = excused ? previous.upper : limit;
  const compared = compareShare(share, allowed);
  const isAsBefore =
    previous !== undefined &&
    share.count / share.of <= (AS_BEFORE.times * previous.count) / previous.of + AS_BEFORE.more;
  const source = excused ? ` (the previous release had ${percent(previous.value)})` : '';
  return {
    kind: compared === 'UNCLEAR' && isAsBefore ? 'GOOD' : compared,
    sentence: `${words}: ${shown(share, 'results')}, limit ${percent(allowed)}${source}.`,
    numbers: {
      [`${name}Rate`]: share.value,
      [`${name}RateLower`]: share.lower,
      [`${name}RateLimit`]: allowed,
      ...(previous && { [`previous${name === 'invalid' ? 'Invalid' : 'Uncertain'}Rate`]: previous.value }),
    },
  };
}

export const judgeInvalid = (input: JudgeInput): Finding =>
  judgeRate('invalid', 'Invalid results', input.limits.invalidRate, input);

export const judgeUncertain = (input: JudgeInput): Finding =>
  judgeRate('uncertain', 'Uncertain results', UNCERTAIN_LIMIT, input);

/** Share of frames on which both releases spoke and gave different classes; `undefined` without any. */
export const disagreementOf = ({ released }: JudgeInput): ClusterShare | undefined =>
  countsOf(
    released.devices,
    ({ shadow }) => shadow.disagreed,
    ({ shadow }) => shadow.compared,
  );

/** Of the devices that report, at least so many must have compared both releases: the others tell of themselves only. */
const LEAST_SHADOWED = 0.5;

export function judgeDisagreement(input: JudgeInput): Finding {
  if (!input.previous) {
    const sentence = 'Disagreement: there is no previous release to compare with.';
    return { kind: 'NOT_JUDGED', sentence, numbers: {} };
  }
  const { devices } = input.released;
  const shadowed = devices.filter(({ sketch }) => sketch.shadow.compared > 0).length;
  const share = disagreementOf(input);
  if (!share || shadowed < LEAST_SHADOWED * devices.length) {
    const sentence = `Disagreement: no frame was shadowed on ${devices.length - shadowed} of ${devices.length} devices, so nothing tells the release from the previous one.`;
    return { kind: 'UNCLEAR', sentence, numbers: { shadowed: share?.of ?? 0 } };
  }
  const limit = input.limits.disagreement;
  const sentence = `Disagreement with the previous release: ${shown(share, 'shadowed frames')}, limit ${percent(limit)}`;
  const numbers = { disagreement: share.value, disagreementLower: share.lower, shadowed: share.of };
  if (input.answeredEpisodeId !== undefined) {
    return {
      kind: 'NOT_JUDGED',
      sentence: `${sentence}; not counted, because this release was trained to answer the drift episode ${input.answeredEpisodeId} of the previous one.`,
      numbers,
    };
  }
  return { kind: compareShare(share, limit), sentence: `${sentence}.`, numbers };
}
