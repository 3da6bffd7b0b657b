/** Is a release good enough for the next wave? Pure. */
import type { Sketch } from '../../../contracts';
import {
  type AccuracyEstimate,
  estimateAccuracy,
  type WeighedLabel,
} from '../../monitoring/estimate-accuracy';
import { latencyQuantile } from '../../telemetry/sketch';
import type { RolloutLimits } from '../names';
import { dropBetween, medianLatency, type Share, shareOf } from './intervals';

/** What the wave's devices reported while they ran one release. */
export interface Observations {
  readonly releaseId: string;
  /** Merged over devices and windows; absent when there is none. */
  readonly sketch?: Sketch | undefined;
  readonly labels: readonly WeighedLabel[];
}

export interface JudgeInput {
  readonly released: Observations;
  /** What the wave ran before; absent on its first release. */
  readonly previous?: Observations;
  readonly limits: RolloutLimits;
  readonly minimumResults: number;
  /** The open drift episode whose retraining has trained this release; the previous one is then no yardstick. */
  readonly answeredEpisodeId?: string;
  /** Whether the time in which to decide is over. */
  readonly deadlinePassed: boolean;
  readonly decisionTimeoutSeconds: number;
}

export type Verdict = 'PROMOTE' | 'WAIT' | 'ROLL_BACK';

export interface Judgement {
  readonly verdict: Verdict;
  /** Sentences with the number, the limit and the sample size. */
  readonly reasons: readonly string[];
  /** Every number that was looked at; absent ones could not be had. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** Of what one rule says: bad is certain, unclear needs more results. */
interface Finding {
  readonly kind: 'GOOD' | 'UNCLEAR' | 'BAD' | 'NOT_JUDGED';
  readonly sentence: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** Labels on each side below which accuracies are not compared. */
const MINIMUM_LABELS = 30;
/**
 * Share of parts that a release may send to the human lane when nothing is known of the release before. There is no
 * knob for it: a release that is unsure of every second part inspects nothing.
 */
const UNCERTAIN_LIMIT = 0.5;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** A share above its limit is bad only when its whole interval is; when only its value is, more results will tell. */
function compareShare(share: Share, limit: number): Finding['kind'] {
  if (share.lower > limit) return 'BAD';
  return share.value > limit ? 'UNCLEAR' : 'GOOD';
}

/**
 * A rate that should be low. Where the release before had a higher one than the limit, the camera or the parts are the
 * cause and not the new release: then its upper bound is the limit.
 */
function judgeRate(
  name: 'invalid' | 'uncertain',
  words: string,
  limit: number,
  input: JudgeInput,
  sketch: Sketch,
): Finding {
  const share = shareOf(sketch[name], sketch.results);
  if (!share) return { kind: 'NOT_JUDGED', sentence: `${words}: no results.`, numbers: {} };
  const before = input.previous?.sketch;
  const previous =
    before && before.results >= input.minimumResults ? shareOf(before[name], before.results) : undefined;
  const excused = previous !== undefined && previous.value > limit;
  const allowed = excused ? previous.upper : limit;
  const source = excused ? ` (the previous release had ${percent(previous.value)})` : '';
  return {
    kind: compareShare(share, allowed),
    sentence: `${words}: ${percent(share.value)} of ${share.of} results (95 % interval ${percent(share.lower)} to ${percent(share.upper)}), limit ${percent(allowed)}${source}.`,
    numbers: {
      [`${name}Rate`]: share.value,
      [`${name}RateLower`]: share.lower,
      [`${name}RateLimit`]: allowed,
      ...(previous && { [`previous${name === 'invalid' ? 'Invalid' : 'Uncertain'}Rate`]: previous.value }),
    },
  };
}

function judgeLatency(input: JudgeInput, sketch: Sketch): Finding {
  const before = input.previous?.sketch;
  const numbers = {
    latencyP50: medianLatency(sketch.latency).value,
    latencyP95: latencyQuantile(sketch, 0.95),
  };
  if (!before || before.results < input.minimumResults) {
    const sentence = `Latency: not compared, the previous release has ${before?.results ?? 0} results of the ${input.minimumResults} needed.`;
    return { kind: 'NOT_JUDGED', sentence, numbers };
  }
  const now = medianLatency(sketch.latency);
  const then = medianLatency(before.latency);
  const limit = input.limits.latencyRatio;
  const ratio = now.value / then.value;
  const lower = now.lower / then.upper;
  const kind = lower > limit ? 'BAD' : ratio > limit ? 'UNCLEAR' : 'GOOD';
  return {
    kind,
    sentence: `Latency: median ${now.value.toFixed(1)} ms over ${sketch.results} results, ${ratio.toFixed(2)} times the previous release's ${then.value.toFixed(1)} ms over ${before.results} (at least ${lower.toFixed(2)} times with 95 % confidence), limit ${limit} times.`,
    numbers: { ...numbers, previousLatencyP50: then.value, latencyRatio: ratio, latencyRatioLower: lower },
  };
}

function judgeDisagreement(input: JudgeInput, sketch: Sketch): Finding {
  const { compared, disagreed } = sketch.shadow;
  const share = shareOf(disagreed, compared);
  if (!share) return { kind: 'NOT_JUDGED', sentence: 'Disagreement: no frame was shadowed.', numbers: {} };
  const limit = input.limits.disagreement;
  const sentence = `Disagreement with the previous release: ${percent(share.value)} of ${compared} shadowed frames (95 % interval ${percent(share.lower)} to ${percent(share.upper)}), limit ${percent(limit)}`;
  const numbers = { disagreement: share.value, disagreementLower: share.lower, shadowed: compared };
  if (input.answeredEpisodeId !== undefined) {
    return {
      kind: 'NOT_JUDGED',
      sentence: `${sentence}; not counted, because this release was trained to answer the drift episode ${input.answeredEpisodeId} of the previous one.`,
      numbers,
    };
  }
  return { kind: compareShare(share, limit), sentence: `${sentence}.`, numbers };
}

const shown = ({ value, labels }: AccuracyEstimate): string => `${percent(value)} on ${labels} labels`;

/** Labels come late, so an unclear accuracy holds nobody up; the daily evaluation goes on looking. */
function judgeAccuracy(input: JudgeInput): Finding {
  const now = estimateAccuracy(input.released.labels);
  const then = estimateAccuracy(input.previous?.labels ?? []);
  if (!now || !then || now.labels < MINIMUM_LABELS || then.labels < MINIMUM_LABELS) {
    const sentence = `Accuracy: not compared, there are ${now?.labels ?? 0} labels of the new and ${then?.labels ?? 0} of the previous release, ${MINIMUM_LABELS} each are needed.`;
    return { kind: 'NOT_JUDGED', sentence, numbers: {} };
  }
  const drop = dropBetween(then, now);
  const limit = input.limits.accuracyDrop;
  return {
    kind: drop.lower > limit ? 'BAD' : 'GOOD',
    sentence: `Accuracy: ${shown(now)}, the previous release's ${shown(then)}: a drop of ${percent(drop.value)} (95 % interval ${percent(drop.lower)} to ${percent(drop.upper)}), limit ${percent(limit)}.`,
    numbers: {
      accuracy: now.value,
      previousAccuracy: then.value,
      accuracyDrop: drop.value,
      accuracyDropLower: drop.lower,
    },
  };
}

/** Silence is no good news: until the deadline it means waiting, after it a roll-back. */
function undecided(input: JudgeInput, why: readonly string[], numbers: Judgement['numbers']): Judgement {
  if (!input.deadlinePassed) return { verdict: 'WAIT', reasons: why, numbers };
  const first = `There was no decision within ${input.decisionTimeoutSeconds} s after the bake.`;
  return { verdict: 'ROLL_BACK', reasons: [first, ...why], numbers };
}

/**
 * The verdict on a wave. ROLL_BACK needs certainty (the whole 95 % interval beyond the limit) or a deadline; PROMOTE
 * needs enough results and no number beyond its limit; everything between waits for more results.
 */
export function judge(input: JudgeInput): Judgement {
  const { sketch } = input.released;
  const results = sketch?.results ?? 0;
  const base = { results, previousResults: input.previous?.sketch?.results ?? 0 };
  if (!sketch || results < input.minimumResults) {
    const why = `The wave has sent ${results} results of the ${input.minimumResults} on which it may be judged.`;
    return undecided(input, [why], base);
  }
  const findings = [
    judgeRate('invalid', 'Invalid results', input.limits.invalidRate, input, sketch),
    judgeRate('uncertain', 'Uncertain results', UNCERTAIN_LIMIT, input, sketch),
    judgeLatency(input, sketch),
    judgeDisagreement(input, sketch),
    judgeAccuracy(input),
  ];
  const numbers = Object.assign({}, base, ...findings.map((finding) => finding.numbers));
  const sentences = (kind: Finding['kind']) =>
    findings.filter((finding) => finding.kind === kind).map((finding) => finding.sentence);
  const bad = sentences('BAD');
  if (bad.length > 0) return { verdict: 'ROLL_BACK', reasons: bad, numbers };
  const unclear = sentences('UNCLEAR');
  if (unclear.length > 0) return undecided(input, unclear, numbers);
  return { verdict: 'PROMOTE', reasons: findings.map((finding) => finding.sentence), numbers };
}
