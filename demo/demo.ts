/** The demo, as a table of contents. Each phase is a file under phases/. */
import { reportFigures } from './phases/report-figures';
import { rollOutFirstRelease } from './phases/roll-out-first-release';
import { rollOutWrongModel } from './phases/roll-out-wrong-model';
import { runTurn } from './phases/run-turn';
import { type Cloud, startCloud } from './phases/start-cloud';
import { startLine } from './phases/start-line';
import { tamperWithAnArtifact } from './phases/tamper-with-an-artifact';
import { trainFirstModel } from './phases/train-first-model';
import { type DemoRun, type LoopRun, loopRunsOf } from './run';

type Stops = Array<() => Promise<void>>;

/** @throws Error naming what failed; everything that was started has ended then */
export async function runDemo(run: DemoRun): Promise<void> {
  const stops: Stops = [];
  try {
    const cloud = await startCloud(run, stops);
    // The first that fails ends the others: what they wait for would come from a run that is over.
    const loops = loopRunsOf(run).map((loop) =>
      runLoop(loop, cloud, stops).catch((error: Error) => {
        run.abort.abort(error);
        throw error;
      }),
    );
    await Promise.allSettled(loops);
    await Promise.all(loops);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function runLoop(run: LoopRun, cloud: Cloud, stops: Stops): Promise<void> {
  const context = await startLine(run, cloud, stops);
  const firstExecution = await trainFirstModel(context);
  await rollOutFirstRelease(context, firstExecution);
  let execution = firstExecution;
  for (const turn of context.turns) execution = await runTurn(context, turn);
  await rollOutWrongModel(context, execution);
  await tamperWithAnArtifact(context);
  await reportFigures(context, run.reportFolder);
}
