/** One turn of the loop after the first: the line changes, the monitor notices, and the loop answers with a release. */
import type { DemoContext } from '../context';
import type { PipelineExecution } from '../pipeline';
import { NEW_CLASS } from '../settings';
import type { TurnLog } from '../turns';
import { detectDrift } from './detect-drift';
import { driftTheLight } from './drift-the-light';
import { expectSteadyCodes } from './expect-steady-codes';
import { introduceCrack } from './introduce-crack';
import { recoverByRetraining } from './recover-by-retraining';

export async function runTurn(context: DemoContext, turn: TurnLog): Promise<PipelineExecution> {
  const breaksTool = turn.changes.includes('tool');
  if (turn.changes.includes('light')) await driftTheLight(context, turn);
  if (breaksTool) await introduceCrack(context, turn);
  await detectDrift(context, turn);
  const approval = breaksTool
    ? `knows ${NEW_CLASS}; no class got worse`
    : 'knows the light; no class got worse';
  const execution = await recoverByRetraining(context, turn, approval);
  await expectSteadyCodes(context);
  return execution;
}
