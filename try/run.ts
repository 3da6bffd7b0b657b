/** One run of `npm run try`, as a table of contents. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { shellVariables } from '@kaizen-edge/local-aws';
import { uploadDataset } from '../cli/dataset/upload-dataset';
import { followTraining, type TrainingOutcome } from '../cli/training/follow-training';
import { startTraining } from '../cli/training/start-training';
import type { LoopContext } from '../demo/context';
import { MemorySampler } from '../demo/memory-sampler';
import { readOutcome } from '../demo/pipeline';
import { approve, followRollout, keepModel } from '../demo/rollout';
import type { WorkDirectory } from '../demo/work-directory';
import { type Cloud, startCloud } from './cloud';
import { isInterruption } from './interruption';
import { type Line, startLine } from './line';
import { checkOwnScript, planTry, type TryPlan, type TryRun } from './plan';
import { gatherReport } from './report/gather';
import { renderTryReport } from './report/render-try-report';
import { summaryText } from './report/words';

type Stops = Array<() => Promise<void>>;

async function train(
  context: LoopContext,
  { examination }: TryPlan,
): Promise<{ readonly outcome: TrainingOutcome; readonly executionArn: string }> {
  const { clients, console, environment, signal } = context;
  const wait = (milliseconds: number) => sleep(milliseconds, undefined, { signal });
  const accepted = await console.phase(
    'dataset: uploading the images; the gate checks every line and digest',
    () => uploadDataset(clients, environment, { items: examination.items, pause: wait }),
  );
  console.line(`  accepted: ${accepted.items} images of ${accepted.classes.join(', ')}`);
  return console.phase('training: prepare -> train -> evaluate -> export -> gate -> register', async () => {
    const { executionArn } = await startTraining(clients, environment, {});
    const outcome = await followTraining(
      { clients, sleep: wait, onStep: () => undefined },
      environment,
      executionArn,
    );
    console.line(`  ${outcome.sentence}`);
    return { outcome, executionArn };
  });
}

/** @returns whether the release is in service on all devices */
async function release(context: LoopContext, version: number, executionArn: string): Promise<boolean> {
  return context.console.phase(
    'rollout: to two canary devices, then to the others, judged on what they report',
    async () => {
      const counter = await approve(context, version, 'npm run try: the gate let it through');
      keepModel(context, counter, await readOutcome(context, executionArn));
      const rollout = await followRollout(context, counter);
      if (!rollout.succeeded) context.console.line(`  taken back: ${rollout.outcome}`);
      return rollout.succeeded;
    },
  );
}

/**
 * Runs the loop once and writes the report.
 * @returns whether a release came into service
 * @throws Error naming what failed, or the reason of the abort; everything that was started has ended then
 */
export async function runTry(run: TryRun, work: WorkDirectory): Promise<boolean> {
  const { console, abort, request } = run;
  const stops: Stops = [];
  const memory = new MemorySampler();
  stops.push(async () => memory.stop());
  try {
    const plan = await untilAborted(
      abort.signal,
      console.phase('dataset: reading and inspecting the images', () => planTry(run)),
    );
    await untilAborted(abort.signal, checkOwnScript(run, plan));
    const cloud = await startCloud(run, plan, work, stops);
    const context: LoopContext = {
      clients: cloud.clients,
      environment: cloud.environment,
      console,
      signal: abort.signal,
      events: [],
      rollouts: [],
      models: [],
    };
    const { outcome, executionArn } = await train(context, plan);
    let line: Line | undefined;
    if (outcome.succeeded && outcome.modelPackageVersion !== undefined) {
      line = await startLine({ ...cloud, console, abort, frames: plan.heldOut, work }, stops);
      if (await release(context, outcome.modelPackageVersion, executionArn)) {
        const shown = line;
        await console.phase(
          `inspection: each of ${plan.heldOut.length} held-out images once, to one of the four devices`,
          () => shown.inspect(),
        );
      }
    }
    const data = await gatherReport({ request, plan, context, executionArn, outcome, line, memory });
    const report = join(request.outputFolder, 'report.html');
    writeFileSync(join(request.outputFolder, 'report.json'), JSON.stringify(data));
    writeFileSync(report, renderTryReport(data));
    console.line(`\n${summaryText(data)}\n\nReport: ${report}`);
    if (request.keep) await keep(run, cloud, line);
    return data.inspection !== undefined;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Until Ctrl-C; parts go on passing the devices. */
async function keep(
  { request, console, abort }: TryRun,
  { aws }: Cloud,
  line: Line | undefined,
): Promise<void> {
  const variables = join(request.outputFolder, 'local.env');
  writeFileSync(variables, shellVariables(aws), { mode: 0o600 });
  line?.resume();
  console.line(
    `\nThe environment is up. In another shell:\n  . ${variables}\n  npx kaizen status\n  npx kaizen captures --unlabelled\nCtrl-C ends it.`,
  );
  try {
    await sleep(2 ** 31 - 1, undefined, { signal: abort.signal });
  } catch {
    // Ctrl-C is the end that was announced; the crash of a part is not.
    if (!isInterruption(abort.signal.reason)) throw abort.signal.reason;
  } finally {
    rmSync(variables, { force: true });
  }
}

/** For work that cannot be told to stop: whoever waits need not wait on. */
async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let fail: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    fail = () => reject(signal.reason);
    signal.addEventListener('abort', fail, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', fail);
  }
}
