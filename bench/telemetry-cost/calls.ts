/**
 * C1 to C4: calls, cost and bytes of results by the size of the fleet, beside records that are not compressed and beside one
 * object and one transaction per message.
 */
import {
  type CallCounts,
  countCalls,
  monthlyUsd,
  sendingOf,
  type Traffic,
} from '../../test/lambda/telemetry/count-calls';
import type { Benchmark, FigureGoal, Measurement, Table } from '../figure';
import { countOf, significant } from '../measure';
import type { SuiteContext } from '../suite';

const FLEETS = [10, 1_000, 10_000] as const;

interface Case {
  readonly id: string;
  readonly devices: number;
  readonly fps: number;
}

const CASES: readonly Case[] = [
  ...FLEETS.map((devices) => ({ id: String(devices), devices, fps: 5 })),
  { id: '1000-30fps', devices: 1_000, fps: 30 },
];

const trafficOf = ({ devices, fps }: Case, isCompressed: boolean): Traffic => ({
  devices,
  ...sendingOf(fps, isCompressed),
});

/** What the same traffic is counted as, with compressed records and without. */
interface Counted {
  readonly traffic: Traffic;
  readonly counts: CallCounts;
  readonly plainTraffic: Traffic;
  readonly plain: CallCounts;
}

/** A goal of design for the whole way: 1 USD at 5 frames a second, 3 at 30. */
const usdGoal = (fps: number): number => (fps > 5 ? 3 : 1);

const figuresOf = ({ id, devices, fps }: Case): FigureGoal[] => {
  const fleet = `${devices.toLocaleString('en-US')} devices at ${fps} frames a second`;
  return [
    {
      id: `C1-${id}`,
      what: `PUTs of S3 per result / one for ten results, ${fleet}`,
      goal: 0.05,
      better: 'lower',
    },
    {
      id: `C2-${id}`,
      what: `write units of DynamoDB per result / a transaction for ten results, ${fleet}`,
      goal: 0.4,
      better: 'lower',
    },
    {
      id: `C3-${id}`,
      what: `USD of a device's results in a month, ${fleet}`,
      goal: usdGoal(fps),
      better: 'lower',
    },
    {
      id: `C4-${id}`,
      what: `bytes of a result as published / of one that is not compressed, ${fleet}`,
      goal: 0.2,
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
      const [traffic, plainTraffic] = [trafficOf(one, true), trafficOf(one, false)];
      const counted = {
        traffic,
        counts: await countCalls(traffic),
        plainTraffic,
        plain: await countCalls(plainTraffic),
      };
      rows.push(...rowsOf(one, counted));
      for (const [id, measurement] of measurementsOf(one, counted)) measured.set(id, measurement);
    }
    const last = [...measured].at(-1);
    if (last) measured.set(last[0], { ...last[1], table: tableOf(rows) });
    return measured;
  },
};

function measurementsOf({ id }: Case, counted: Counted): [string, Measurement][] {
  const { traffic, plainTraffic, plain } = counted;
  const { messages, now, bytesPerRecord } = counted.counts;
  const how = `${messages.toLocaleString('en-US')} messages of ${traffic.recordsPerMessage} records through the real function`;
  const units = `${now.writeUnits.toFixed(2)} units per message, in transactions ${plain.before.writeUnits.toFixed(2)}`;
  // What is compared with is what every message of ten results cost by itself.
  const fewer = plainTraffic.recordsPerMessage / traffic.recordsPerMessage;
  const usd = {
    plain: monthlyUsd(plain.now, plainTraffic).toFixed(2),
    one: monthlyUsd(plain.before, plainTraffic).toFixed(2),
  };
  return [
    [`C1-${id}`, countOf(significant((now.puts / plain.before.puts) * fewer), how)],
    [
      `C2-${id}`,
      countOf(significant((now.writeUnits / plain.before.writeUnits) * fewer), `${how}: ${units}`),
    ],
    [
      `C3-${id}`,
      countOf(
        significant(monthlyUsd(now, traffic)),
        `prices of us-east-1 (cli/cost/prices.ts); not compressed ${usd.plain} USD, and with one object and one transaction per message ${usd.one}`,
      ),
    ],
    [
      `C4-${id}`,
      countOf(
        significant(bytesPerRecord / plain.bytesPerRecord),
        `${bytesPerRecord.toFixed(0)} bytes, heads of the messages included, against ${plain.bytesPerRecord.toFixed(0)}`,
      ),
    ],
  ];
}

function rowsOf({ devices, fps }: Case, { traffic, counts, plainTraffic, plain }: Counted): string[][] {
  const row = (
    way: string,
    { recordsPerMessage, ...sending }: Traffic,
    calls: CallCounts['now'],
  ): string[] => [
    `${devices.toLocaleString('en-US')} x ${fps} fps, ${way}`,
    String(recordsPerMessage),
    calls.puts.toPrecision(3),
    calls.writeUnits.toPrecision(3),
    calls.readUnits.toPrecision(3),
    calls.invocations.toPrecision(3),
    calls.queueRequests.toPrecision(3),
    monthlyUsd(calls, { recordsPerMessage, ...sending }).toFixed(2),
  ];
  return [
    row('one by one', plainTraffic, plain.before),
    row('together', plainTraffic, plain.now),
    row('together, compressed', traffic, counts.now),
  ];
}

const tableOf = (rows: readonly string[][]): Table => ({
  columns: [
    'fleet',
    'records per message',
    'PUT per message',
    'write units',
    'read units',
    'invocations',
    'SQS requests',
    'USD per device and month',
  ],
  rows,
});
