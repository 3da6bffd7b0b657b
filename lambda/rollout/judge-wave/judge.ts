/** Is a release good enough for the next wave? Pure. */
import { neededOf } from '../quorum';
import type { ReleaseEvidence } from './evidence';
import type { Finding, LabelNeed } from './finding';
import { judgeAccuracy } from './judge-accuracy';
import { judgeEscapes } from './judge-escapes';
import type { JudgeInput } from './judge-input';
import { judgeDisagreement, judgeInvalid, judgeUncertain } from './judge-rates';
import { judgeLatency, judgeThroughput } from './judge-speed';

export type Verdict = 'PROMOTE' | 'WAIT' | 'ROLL_BACK';

export interface Judgement {
  readonly verdict: Verdict;
  /** Sentences with the number, the limit and the sample size. */
  readonly reasons: readonly string[];
  /** Every number that was looked at; absent ones could not be had. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Labels that are waited for. */
  readonly needs?: readonly LabelNeed[];
}

/** More names would say no more. */
const DEVICES_NAMED = 10;

function named(devices: readonly string[]): string {
  const rest = devices.length - DEVICES_NAMED;
  return [...devices.slice(0, DEVICES_NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}

/** What is still to come: until the deadline that means waiting, after it a roll-back. Silence is no good news. */
function undecided(input: JudgeInput, open: readonly Finding[], numbers: Judgement['numbers']): Judgement {
  const reasons = open.map(({ sentence }) => sentence);
  const needs = [...new Set(open.flatMap(({ need }) => need ?? []))];
  const waits = { verdict: 'WAIT', reasons, numbers, ...(needs.length > 0 && { needs }) } as const;
  if (!input.deadlinePassed) return waits;
  const onlyLabels = open.every(({ need }) => need !== undefined);
  if (onlyLabels && !input.labelDeadlinePassed) return waits;
  const first = onlyLabels
    ? 'The labels that would have settled it did not come in time.'
    : `There was no decision within ${input.decisionTimeoutSeconds} s after the bake.`;
  return { verdict: 'ROLL_BACK', reasons: [first, ...reasons], numbers };
}

/** Whether enough was heard, and of enough devices: results of one do not stand for the silence of the others. */
function silence(input: JudgeInput): Finding | undefined {
  const { expected, minimumResults, minimumResultsPerDevice, released } = input;
  const resultsOf = new Map(released.devices.map(({ deviceId, sketch }) => [deviceId, sketch.results]));
  const silent = expected.filter((deviceId) => (resultsOf.get(deviceId) ?? 0) < minimumResultsPerDevice);
  const most = 2 * Math.ceil(minimumResults / Math.max(1, expected.length));
  const results = [...resultsOf.values()].reduce((sum, count) => sum + Math.min(count, most), 0);
  const missing = (sentence: string): Finding => ({ kind: 'UNCLEAR', sentence, numbers: {} });
  if (results < minimumResults) {
    const counted = 'of which a device counts for at most twice its share';
    return missing(
      `The wave has sent ${results} results, ${counted}, of the ${minimumResults} on which it may be judged.`,
    );
  }
  const needed = neededOf(expected.length, input.quorum);
  if (expected.length - silent.length >= needed) return undefined;
  return missing(
    `${expected.length - silent.length} of ${expected.length} devices have sent ${minimumResultsPerDevice} results or more, ${needed} have to. Silent: ${named(silent)}.`,
  );
}

/**
 * Labels say who is right where releases disagree, and also where no frame was shadowed, as after a change of the image
 * policy, which leaves no other way to compare. Until they are there they are waited for.
 */
function withLabels(disagreement: Finding, accuracy: Finding): Finding {
  if (disagreement.kind !== 'UNCLEAR') return disagreement;
  if (accuracy.kind === 'GOOD' && accuracy.numbers.settledByLabels === 1) {
    return { ...disagreement, kind: 'NOT_JUDGED' };
  }
  return accuracy.need ? { ...disagreement, need: accuracy.need } : disagreement;
}

/**
 * The verdict on a wave. ROLL_BACK needs certainty or a deadline; PROMOTE needs results of enough devices and no rule
 * that is unclear; everything between waits for more results, or for the labels that it names.
 */
export function judge(input: JudgeInput): Judgement {
  const counted = (evidence: ReleaseEvidence | undefined) =>
    (evidence?.devices ?? []).reduce((sum, { sketch }) => sum + sketch.results, 0);
  const base = {
    results: counted(input.released),
    previousResults: counted(input.previous),
    devices: input.released.devices.length,
  };
  const silent = silence(input);
  if (silent) return undecided(input, [silent], base);
  const accuracy = judgeAccuracy(input);
  const findings = [
    judgeInvalid(input),
    judgeUncertain(input),
    judgeLatency(input),
    judgeThroughput(input),
    withLabels(judgeDisagreement(input), accuracy),
    accuracy,
    judgeEscapes(input),
  ];
  const numbers = Object.assign({}, base, ...findings.map((finding) => finding.numbers));
  const of = (kind: Finding['kind']) => findings.filter((finding) => finding.kind === kind);
  const bad = of('BAD').map(({ sentence }) => sentence);
  if (bad.length > 0) return { verdict: 'ROLL_BACK', reasons: bad, numbers };
  const unclear = of('UNCLEAR');
  if (unclear.length > 0) return undecided(input, unclear, numbers);
  return { verdict: 'PROMOTE', reasons: findings.map(({ sentence }) => sentence), numbers };
}
