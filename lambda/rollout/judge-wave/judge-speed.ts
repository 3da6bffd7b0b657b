/** Whether a release is as fast as the one before, and keeps up as it did: each device is compared with itself. Pure. */
import type { Interval } from '../../shared/intervals';
import { latencyQuantile } from '../../telemetry/sketch';
import type { DeviceEvidence, ReleaseEvidence } from './evidence';
import { type Finding, SURE } from './finding';
import { medianRatio } from './intervals';
import type { JudgeInput } from './judge-input';

/** By how much a device's median latency differs from one day to the next: 5 %, and its throughput, 20 %. */
const USUAL = { latency: 0.05, throughput: 0.2 };
/** Of a device's windows, the one that three quarters do not exceed: a line that stood still for a while is no slower. */
const BUSY_QUANTILE = 0.75;

/** The ratio of each device that has a value under both releases. */
function ratios(
  released: ReleaseEvidence,
  previous: ReleaseEvidence | undefined,
  speedOf: (device: DeviceEvidence) => number | undefined,
): { readonly now: number; readonly before: number }[] {
  const known = new Map(previous?.devices.map((device) => [device.deviceId, device]));
  return released.devices.flatMap((device) => {
    const earlier = known.get(device.deviceId);
    const [now, before] = [speedOf(device), earlier && speedOf(earlier)];
    return now && before ? [{ now, before }] : [];
  });
}

const onDevices = (count: number): string => (count === 1 ? 'on one device' : `on ${count} devices`);
const median = (values: readonly number[]): number =>
  [...values].sort((x, y) => x - y)[Math.floor((values.length - 1) / 2)] as number;

function compared(
  pairs: readonly { readonly now: number; readonly before: number }[],
  usual: number,
): Interval & { readonly now: number; readonly before: number } {
  return {
    ...medianRatio(
      pairs.map(({ now, before }) => now / before),
      usual,
      SURE.lower,
    ),
    now: median(pairs.map(({ now }) => now)),
    before: median(pairs.map(({ before }) => before)),
  };
}

export function judgeLatency(input: JudgeInput): Finding {
  const least = input.minimumResultsPerDevice;
  const pairs = ratios(input.released, input.previous, ({ sketch }) =>
    sketch.results >= least ? latencyQuantile(sketch, 0.5) : undefined,
  );
  const latencies = (q: number) => input.released.devices.map(({ sketch }) => latencyQuantile(sketch, q));
  const numbers = { latencyP50: median(latencies(0.5)), latencyP95: median(latencies(0.95)) };
  if (pairs.length === 0) {
    const sentence = `Latency: not compared, no device has ${least} results of both releases.`;
    return { kind: 'NOT_JUDGED', sentence, numbers };
  }
  const limit = input.limits.latencyRatio;
  const ratio = compared(pairs, USUAL.latency);
  return {
    kind: ratio.lower > limit ? 'BAD' : ratio.value > limit ? 'UNCLEAR' : 'GOOD',
    sentence: `Latency: median ${ratio.now.toFixed(1)} ms, ${ratio.value.toFixed(2)} times the previous release's ${ratio.before.toFixed(1)} ms ${onDevices(pairs.length)} (surely more than ${ratio.lower.toFixed(2)} times), limit ${limit} times.`,
    numbers: {
      ...numbers,
      previousLatencyP50: ratio.before,
      latencyRatio: ratio.value,
      latencyRatioLower: ratio.lower,
    },
  };
}

/** Results in a busy window; `undefined` without a whole one. */
function busyWindow({ windows }: DeviceEvidence): number | undefined {
  const sorted = [...windows].sort((x, y) => x - y);
  return sorted[Math.floor(BUSY_QUANTILE * (sorted.length - 1))];
}

export function judgeThroughput(input: JudgeInput): Finding {
  const { released, previous } = input;
  const pairs = ratios(released, previous, busyWindow);
  if (pairs.length === 0) {
    const isComing = previous?.devices.some(({ windows }) => windows.length > 0) && !input.deadlinePassed;
    const sentence = 'Throughput: not compared, no device has a whole window of results of both releases.';
    return { kind: isComing ? 'UNCLEAR' : 'NOT_JUDGED', sentence, numbers: {} };
  }
  const limit = input.limits.throughputRatio;
  const ratio = compared(pairs, USUAL.throughput);
  return {
    kind: ratio.upper < limit ? 'BAD' : ratio.value < limit ? 'UNCLEAR' : 'GOOD',
    sentence: `Throughput: ${ratio.now} results in a busy window, ${ratio.value.toFixed(2)} times the previous release's ${ratio.before} ${onDevices(pairs.length)} (surely less than ${ratio.upper.toFixed(2)} times), limit ${limit} times.`,
    numbers: { throughputRatio: ratio.value, throughputRatioUpper: ratio.upper },
  };
}
