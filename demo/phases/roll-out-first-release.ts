/** registry -> rollout -> device: from an empty fleet to a verified release on every device, canary first. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DemoContext, keepSpan, note } from '../context';
import type { PipelineExecution } from '../pipeline';
import { approve, followRollout, keepModel, type Rollout } from '../rollout';
import { BEFORE_THE_CHANGE } from '../turns';

export async function rollOutFirstRelease(context: DemoContext, execution: PipelineExecution): Promise<void> {
  const from = Date.now();
  await context.console.phase(
    'rollout: release 1 to canary, then to stable, judged on what the devices report',
    async () => {
      const counter = await approve(context, execution.modelPackageVersion, 'first model, metrics reviewed');
      keepModel(context, counter, execution);
      const rollout = await followRollout(context, counter);
      expectInService(context, rollout);
    },
  );
  await context.console.phase('device -> telemetry: the line runs as it should', () =>
    runLine(context, from),
  );
}

/** @throws Error with the rollout's own words when it did not bring the release into service */
export function expectInService(context: DemoContext, rollout: Rollout): void {
  if (!rollout.succeeded)
    throw new Error(`release ${rollout.counter} did not come into service: ${rollout.outcome}`);
  note(
    context,
    'rollout',
    `release ${rollout.counter} is in service on all devices after ${rollout.seconds.toFixed(0)} s`,
  );
}

async function runLine(context: DemoContext, from: number): Promise<void> {
  await sleep(context.settings.steadySeconds * 1000, undefined, { signal: context.signal });
  keepSpan(context, BEFORE_THE_CHANGE, from);
}
