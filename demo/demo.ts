/** The demo, as a table of contents. Each phase is a file under phases/. */
import { detectDrift } from './phases/detect-drift';
import { driftTheLight } from './phases/drift-the-light';
import { introduceCrack } from './phases/introduce-crack';
import { recoverByRetraining } from './phases/recover-by-retraining';
import { reportFigures } from './phases/report-figures';
import { rollOutFirstRelease } from './phases/roll-out-first-release';
import { rollOutWrongModel } from './phases/roll-out-wrong-model';
import { startEverything } from './phases/start-everything';
import { tamperWithAnArtifact } from './phases/tamper-with-an-artifact';
import { trainFirstModel } from './phases/train-first-model';
import type { DemoRun } from './run';

/** @throws Error naming what failed; everything that was started has ended then */
export async function runDemo(run: DemoRun): Promise<void> {
  const stops: Array<() => Promise<void>> = [];
  try {
    const context = await startEverything(run, stops);
    const firstExecution = await trainFirstModel(context);
    await rollOutFirstRelease(context, firstExecution);
    await driftTheLight(context);
    await introduceCrack(context);
    await detectDrift(context);
    const secondExecution = await recoverByRetraining(context);
    await rollOutWrongModel(context, secondExecution);
    await tamperWithAnArtifact(context);
    await reportFigures(context, run.work);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
