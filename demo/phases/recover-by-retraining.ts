/** retraining -> training -> rollout: the policy starts the pipeline once; release 2 knows the new class. */

import { setTimeout as sleep } from 'node:timers/promises';
import { releaseIdOf } from '../../lambda/registry/names';
import { type DemoContext, keepSpan, note } from '../context';
import { waitForRelease } from '../inventory';
import { accuracyOf } from '../observations';
import { executionArns, followExecution, type PipelineExecution, percent } from '../pipeline';
import { approve, followRollout, keepModel } from '../rollout';
import { waitFor } from '../waiting';
import { expectInService } from './roll-out-first-release';

/** Labels for a new class come at the pace of the line; several environments share a machine, and each its frame rate. */
const RETRAINING_TIMEOUT_SECONDS = 600;
/** As many as a release needs labels to be compared. */
const LEAST_RECORDS = 30;
const RECORDS_TIMEOUT_SECONDS = 300;
/** The device is cut off this long after the rollout to its wave has begun: in the middle of its deployment. */
const POWER_OFF_MILLISECONDS = 1500;

export async function recoverByRetraining(context: DemoContext): Promise<PipelineExecution> {
  const { console } = context;
  const changedAt = Date.now();
  const execution = await console.phase('retraining: the policy starts the pipeline by itself', () =>
    awaitRetraining(context),
  );
  keepSpan(context, 'light drift and crack', changedAt);
  await console.phase('rollout: release 2; one device loses power in the middle of it', async () => {
    const counter = await approve(context, execution.modelPackageVersion, 'knows crack; no class got worse');
    keepModel(context, counter, execution);
    const [rollout] = await Promise.all([
      followRollout(context, counter),
      cutPowerDuringRollout(context, counter),
    ]);
    expectInService(context, rollout);
    await waitForRelease(
      context,
      context.devices.map(({ thingName }) => thingName),
      releaseIdOf(context.environment.useCase, counter),
      60,
    );
  });
  await console.phase('accuracy recovers', async () => {
    const from = Date.now();
    await sleep(context.settings.steadySeconds * 1000, undefined, { signal: context.signal });
    keepSpan(context, 'after retraining', from);
    await awaitRecords(context, from);
    expectRecovery(context, from);
  });
  return execution;
}

/** Records come in when the outbox, the queue and ingestion have had their turn: on a machine that is shared, late. */
async function awaitRecords(context: DemoContext, from: number): Promise<void> {
  const { observations, signal } = context;
  await waitFor(
    { what: 'records of the line after retraining', timeoutSeconds: RECORDS_TIMEOUT_SECONDS, signal },
    async () => {
      await observations.refresh();
      const arrived = observations.all.filter(({ truth }) => truth.shownAt >= from).length;
      return arrived >= LEAST_RECORDS ? arrived : undefined;
    },
  );
}

/** @throws Error when the new release is no better on the changed line than the one before */
function expectRecovery(context: DemoContext, from: number): void {
  const changed = context.observations.all.filter(({ truth }) => truth.condition !== 'normal');
  const before = accuracyOf(
    changed.filter(({ record }) => record.releaseId === releaseIdOf(context.environment.useCase, 1)),
  );
  const recovered = changed.filter(({ truth }) => truth.shownAt >= from);
  const after = accuracyOf(recovered);
  if (!(after > before)) {
    throw new Error(
      `retraining did not help: ${percent(before)} before on the changed line, ${percent(after)} after`,
    );
  }
  note(
    context,
    'line',
    `accuracy on the changed line: ${percent(after)} of ${recovered.length} frames with release 2, ${percent(before)} with release 1`,
  );
}

async function awaitRetraining(context: DemoContext): Promise<PipelineExecution> {
  const arn = await waitFor(
    {
      what: 'the retraining policy to start',
      timeoutSeconds: RETRAINING_TIMEOUT_SECONDS,
      signal: context.signal,
    },
    async () => {
      const arns = await executionArns(context);
      return arns.length > 1 ? arns[0] : undefined;
    },
  );
  note(context, 'training', `retraining started by the policy: execution ${arn.split('/').pop()}`);
  const execution = await followExecution(context, arn);
  const executions = await executionArns(context);
  if (executions.length !== 2) {
    throw new Error(
      `one drift episode must start one execution, but there are ${executions.length - 1}: ${executions}`,
    );
  }
  return execution;
}

/** SIGKILL in the middle of a deployment, as a power cut would; the device must come back on a verified release. */
async function cutPowerDuringRollout(context: DemoContext, counter: number): Promise<void> {
  const victim = context.devices.find(({ thingName }) => thingName === context.settings.devices.canary[0]);
  if (!victim) throw new Error('the demo has no canary device');
  await sleep(POWER_OFF_MILLISECONDS, undefined, { signal: context.signal });
  await victim.cutPower();
  note(
    context,
    'fault',
    `${victim.thingName} loses power during the rollout (SIGKILL of the device and its components)`,
  );
  await victim.start();
  await waitForRelease(context, [victim.thingName], releaseIdOf(context.environment.useCase, counter), 120);
  note(context, 'fault', `${victim.thingName} is back and serves the verified release ${counter}`);
}
