/** C1 to C3: calls and cost of results by the size of the fleet, beside one object and one transaction per message. */
import {
  type CallCounts,
  countCalls,
  monthlyUsd,
  type Traffic,
} from '../../test/lambda/telemetry/count-calls';
import type { Benchmark, FigureGoal, Measurement, Table } from '../figure';
import { countOf, significant } from '../measure';
import type { SuiteContext } from '../suite';

const FLEETS = [10, 1_000, 10_000] as const;
const RECORDS_PER_MESSAGE = 10;

interface Case {
  readonly id: string;
  readonly traffic: Traffic;
}

const at = (devices: number, fps: number): Traffic => ({
  devices,
  fps,
  recordsPerMessage: RECORDS_PER_MESSAGE,
});
const CASES: readonly Case[] = [
  ...FLEETS.map((devices) => ({ id: String(devices), traffic: at(devices, 5) })),
  { id: '1000-30fps', traffic: at(1_000, 30) },
];

/** A goal of design for the whole way: 1 USD at 5 frames a second, 3 at 30. */
const usdGoal = (fps: number): number => (fps > 5 ? 3 : 1);

const figuresOf = ({ id, traffic: { devices, fps } }: Case): FigureGoal[] => {
  const fleet = `${devices.toLocaleString('en-US')} devices at ${fps} frames a second`;
  return [
    {
      id: `C1-${id}`,
      what: `PUTs of S3 / one per message, ${fleet}`,
      goal: 0.05,
      better: 'lower',
    },
    {
      id: `C2-${id}`,
      what: `write units of DynamoDB / a transaction per message, ${fleet}`,
      goal: 0.4,
      better: 'lower',
    },
    {
      id: `C3-${id}`,
      what: `USD of a device's results in a month, ${fleet}`,
      goal: usdGoal(fps),
      better: 'lower',
    },
  ];
};

export const calls: Benchmark<SuiteContext> = {
  figures: CASES.flatMap(figuresOf),
  onlyCounts: true,
  async measure(_context, wanted) {
    const measured = new Map<string, Measurement>();
    const rows: string[][] = [];
    for (const one of CASES) {
      if (!figuresOf(one).some(({ id }) => wanted.has(id))) continue;
      const counts = await countCalls(one.traffic);
      rows.push(...rowsOf(one, counts));
      for (const [id, measurement] of measurementsOf(one, counts)) measured.set(id, measurement);
    }
    const last = [...measured].at(-1);
    if (last) measured.set(last[0], { ...last[1], table: tableOf(rows) });
    return measured;
  },
};

function measurementsOf(
  { id, traffic }: Case,
  { messages, now, before }: CallCounts,
): [string, Measurement][] {
  const how = `${messages.toLocaleString('en-US')} messages of ${traffic.recordsPerMessage} records through the real function`;
  const usd = monthlyUsd(now, traffic);
  const usdBefore = monthlyUsd(before, traffic);
  return [
    [`C1-${id}`, countOf(significant(now.puts / before.puts), how)],
    [
      `C2-${id}`,
      countOf(
        significant(now.writeUnits / before.writeUnits),
        `${how}: ${now.writeUnits.toFixed(2)} units per message, in transactions ${before.writeUnits.toFixed(2)}`,
      ),
    ],
    [
      `C3-${id}`,
      countOf(
        significant(usd),
        `prices of us-east-1 (cli/cost/prices.ts); one object and one transaction per message: ${usdBefore.toFixed(2)} USD`,
      ),
    ],
  ];
}

function rowsOf({ traffic }: Case, { now, before }: CallCounts): string[][] {
  const row = (way: string, calls: CallCounts['now']): string[] => [
    `${traffic.devices.toLocaleString('en-US')} x ${traffic.fps} fps, ${way}`,
    calls.puts.toPrecision(3),
    calls.writeUnits.toPrecision(3),
    calls.readUnits.toPrecision(3),
    calls.invocations.toPrecision(3),
    calls.queueRequests.toPrecision(3),
    monthlyUsd(calls, traffic).toFixed(2),
  ];
  return [row('one by one', before), row('together', now)];
}

const tableOf = (rows: readonly string[][]): Table => ({
  columns: [
    'fleet',
    'PUT per message',
    'write units',
    'read units',
    'invocations',
    'SQS requests',
    'USD per device and month',
  ],
  rows,
});
