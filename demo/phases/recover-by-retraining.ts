/** retraining -> training -> rollout: the policy starts the pipeline once; the next release knows what has changed. */

import { setTimeout as sleep } from 'node:timers/promises';
import { releaseIdOf } from '../../lambda/registry/names';
import { type DemoContext, keepSpan, note } from '../context';
import { waitForRelease } from '../inventory';
import { accuracyOf, type Observation } from '../observations';
import { executionArns, followExecution, type PipelineExecution, percent } from '../pipeline';
import { approve, followRollout, keepModel } from '../rollout';
import { type TurnLog, WITH_THE_TOOL_MENDED } from '../turns';
import { decidedInWords, hasHelped, letsTooManyPass, verdictsOf } from '../verdicts';
import { waitFor } from '../waiting';
import { expectInService } from './roll-out-first-release';

/** Labels for a new class come at the pace of the line; several environments share a machine, and each its frame rate. */
const RETRAINING_TIMEOUT_SECONDS = 600;
/** As many as a release needs labels to be compared. */
const LEAST_RECORDS = 30;
const RECORDS_TIMEOUT_SECONDS = 300;
/** The device is cut off this long after the rollout to its wave has begun: in the middle of its deployment. */
const POWER_OFF_MILLISECONDS = 1500;
/** So far below the alarm's limit that a sample of labels can hardly miss it. */
const CLEARLY_LOW = 0.1;

export async function recoverByRetraining(
  context: DemoContext,
  turn: TurnLog,
  approval: string,
): Promise<PipelineExecution> {
  const { console } = context;
  const execution = await console.phase('retraining: the policy starts the pipeline by itself', () =>
    awaitRetraining(context, turn),
  );
  turn.trainedAt = Date.now();
  keepSpan(context, turn.change, turn.wholeSince ?? turn.trainedAt);
  const from = turn.trainedAt;
  await console.phase(
    `rollout: release ${turn.number}; one device loses power in the middle of it`,
    async () => {
      const counter = await approve(context, execution.modelPackageVersion, approval);
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
      turn.curedAt = Date.now();
    },
  );
  const mends = turn.changes.includes('tool');
  await console.phase(mends ? 'the tool is mended, and the line recovers' : 'the line recovers', async () => {
    if (mends) keepSpan(context, turn.after, from, { releaseId: releaseOf(context, turn) });
    if (mends) mendTheTool(context);
    const mendedAt = Date.now();
    await sleep(context.settings.steadySeconds * 1000, undefined, { signal: context.signal });
    if (mends) keepSpan(context, WITH_THE_TOOL_MENDED, mendedAt);
    else keepSpan(context, turn.after, from, { releaseId: releaseOf(context, turn) });
    await awaitRecords(context, turn);
    expectRecovery(context, turn);
    expectAlarmOfAccuracy(context, turn);
  });
  return execution;
}

/** A line that takes every fifth part out is looked after, and the release that names the crack stays. */
function mendTheTool(context: DemoContext): void {
  context.line.change('mended-tool');
  note(context, 'line', 'the tool is mended: a crack is as rare as any other defect');
}

const releaseOf = ({ environment }: DemoContext, { number }: TurnLog): string =>
  releaseIdOf(environment.useCase, number);

/** Results of the changed line: by the release that answers the change, and by others before it. */
function observedIn({ observations }: DemoContext, { changedAt = 0 }: TurnLog): Observation[] {
  return observations.all.filter(({ truth }) => truth.shownAt >= changedAt);
}

/** Records come in when the outbox, the queue and ingestion have had their turn: on a machine that is shared, late. */
async function awaitRecords(context: DemoContext, turn: TurnLog): Promise<void> {
  const { observations, signal } = context;
  const releaseId = releaseOf(context, turn);
  await waitFor(
    { what: `records of ${releaseId}`, timeoutSeconds: RECORDS_TIMEOUT_SECONDS, signal },
    async () => {
      await observations.refresh();
      const arrived = observations.all.filter(({ record }) => record.releaseId === releaseId).length;
      return arrived >= LEAST_RECORDS ? arrived : undefined;
    },
  );
}

/**
 * What the plant pays, and the parts that are decided rightly and by nobody but the device, tell whether it helped: a new
 * light takes every part to a person, and a new defect that is taken for a known one lets some pass. Accuracy hardly does:
 * where nearly all parts are good, a release that is unsure of everything and sends it to people still names them rightly,
 * and one that calls everything good does too.
 * @throws Error when the new release neither decides more of the changed line's parts than the one before nor costs less, or
 *   lets more of the defective ones pass than the plant allows
 */
function expectRecovery(context: DemoContext, turn: TurnLog): void {
  const releaseId = releaseOf(context, turn);
  const { costs, limits } = context.config.dispositionPolicy;
  const changed = observedIn(context, turn);
  const before = changed.filter(({ record }) => record.releaseId !== releaseId);
  const recovered = changed.filter(({ record }) => record.releaseId === releaseId);
  const [now, then] = [verdictsOf(recovered, costs), verdictsOf(before, costs)];
  const inWords =
    `with release ${turn.number} ${decidedInWords(now)}, with the one before ${decidedInWords(then)}; ` +
    `accuracy ${percent(accuracyOf(recovered))}, ${percent(accuracyOf(before))} before`;
  if (!hasHelped(now, then)) throw new Error(`retraining did not help the changed line: ${inWords}`);
  if (letsTooManyPass(now, limits.escapeRate)) {
    throw new Error(`retraining did harm, ${percent(limits.escapeRate)} may pass: ${inWords}`);
  }
  note(context, 'line', `on the changed line ${inWords}`);
}

/** Whether labels say that accuracy is low depends on the change: where they must, nobody may sleep through it. */
function expectAlarmOfAccuracy(context: DemoContext, turn: TurnLog): void {
  const { minimumAccuracy } = context.config.monitoring;
  const { wholeSince = 0, trainedAt = 0, changedAt = 0 } = turn;
  const unanswered = observedIn(context, turn).filter(
    ({ truth }) => truth.shownAt >= wholeSince && truth.shownAt < trainedAt,
  );
  if (accuracyOf(unanswered) < minimumAccuracy - CLEARLY_LOW) {
    const because = `of the parts that were shown less than ${percent(minimumAccuracy - CLEARLY_LOW)} were named rightly`;
    context.alarms.expect('accuracy-low', changedAt, because);
  }
}

async function awaitRetraining(context: DemoContext, turn: TurnLog): Promise<PipelineExecution> {
  // The first execution was started by hand, and each turn before this one had one.
  const before = turn.number - 1;
  const arn = await waitFor(
    {
      what: 'the retraining policy to start',
      timeoutSeconds: RETRAINING_TIMEOUT_SECONDS,
      signal: context.signal,
    },
    async () => {
      const arns = await executionArns(context);
      return arns.length > before ? arns[0] : undefined;
    },
  );
  turn.retrainingAt = Date.now();
  note(context, 'training', `retraining started by the policy: execution ${arn.split('/').pop()}`);
  const execution = await followExecution(context, arn);
  const executions = await executionArns(context);
  if (executions.length !== before + 1) {
    throw new Error(
      `one drift episode must start one execution, but there are ${executions.length - before}: ${executions}`,
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
