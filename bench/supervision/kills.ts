/** P1, P2: any process of the component is killed from outside, again and again, on either nucleus. */
import { join } from 'node:path';
import type { NucleusName } from '@kaizen-edge/local-aws';
import type { ProcessKind } from '../../test/edge-components/component-processes';
import { Device } from '../../test/edge-components/device-harness';
import { type ProcessKillsReport, processKills } from '../../test/edge-components/process-kills';
import { plainImage } from '../../test/edge-components/release-fixture';
import type { Benchmark, FigureGoal, Measurement } from '../figure';
import { countOf, median, significant } from '../measure';
import type { SupervisionContext } from './context';

const NUCLEI = ['classic', 'lite'] as const satisfies readonly NucleusName[];
const KILLS = 200;
const SEED = 20_261_127;
const TOLD_EVERY = 25;
const GOAL_SECONDS = 2;

const slowest = (nucleus: NucleusName): FigureGoal => ({
  id: `P1-${nucleus}`,
  what: `seconds until parts are inspected again, the longest of ${KILLS} kills of any process of the component, nucleus ${nucleus}`,
  goal: GOAL_SECONDS,
  better: 'lower',
});

const wrong = (nucleus: NucleusName): FigureGoal => ({
  id: `P2-${nucleus}`,
  what: `of the same kills: releases refused or lost, parts not decided, the component given up (BROKEN), nucleus ${nucleus}`,
  goal: 0,
  better: 'lower',
});

export const kills: Benchmark<SupervisionContext> = {
  figures: NUCLEI.flatMap((nucleus) => [slowest(nucleus), wrong(nucleus)]),
  async measure(context, wanted) {
    const results = new Map<string, Measurement>();
    for (const nucleus of NUCLEI) {
      if (!wanted.has(slowest(nucleus).id) && !wanted.has(wrong(nucleus).id)) continue;
      const report = await killOn(context, nucleus);
      for (const problem of report.wrong) console.log(`bench: ${nucleus}: ${problem}`);
      const seconds = report.recoveries.map(({ milliseconds }) => milliseconds / 1000);
      const method = `seed ${SEED}, real processes and artifact, a part shown every 20 ms and the kill up to 250 ms after one was inspected; ${byKind(report)}; ${report.accepted} releases were delivered meanwhile`;
      results.set(slowest(nucleus).id, {
        value: significant(Math.max(...seconds)),
        spread: { minimum: Math.min(...seconds), maximum: Math.max(...seconds), rounds: seconds.length },
        method,
      });
      results.set(wrong(nucleus).id, countOf(report.wrong.length, method));
    }
    return results;
  },
};

async function killOn(context: SupervisionContext, nucleus: NucleusName): Promise<ProcessKillsReport> {
  const device = new Device(join(context.folder, nucleus), context.folder, [context.key]);
  device.nucleus = nucleus;
  await device.start();
  try {
    return await processKills({
      device,
      kills: KILLS,
      seed: SEED,
      image: await plainImage(200),
      release: (counter) => context.release(counter),
      onKill: (count) => {
        if (count % TOLD_EVERY === 0) console.log(`bench: ${nucleus}: ${count} of ${KILLS} kills`);
      },
    });
  } finally {
    await device.stop();
  }
}

/** The watched process only as often as a nucleus forgives within an hour: twice. */
function byKind({ recoveries }: ProcessKillsReport): string {
  const kinds = new Map<ProcessKind, number[]>();
  for (const { kind, milliseconds } of recoveries) {
    kinds.set(kind, [...(kinds.get(kind) ?? []), milliseconds / 1000]);
  }
  return [...kinds]
    .map(
      ([kind, times]) =>
        `${kind} ${times.length} times, median ${median(times).toFixed(2)} s, longest ${Math.max(...times).toFixed(2)} s`,
    )
    .join('; ');
}
