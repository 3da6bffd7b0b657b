/** The judgements of a rollout, from the history of its execution: the last one of each wave. */
import { type HistoryEvent, paginateGetExecutionHistory } from '@aws-sdk/client-sfn';
import type { RolloutState } from '../lambda/rollout/rollout-state';
import type { LoopContext } from './context';
import type { ReportData } from './report/report-data';

export type WaveJudgement = ReportData['rollouts'][number]['waves'][number];

const JUDGE_STEP = 'Judge the wave';

function stateAfter({ stateExitedEventDetails }: HistoryEvent): RolloutState | undefined {
  if (stateExitedEventDetails?.name !== JUDGE_STEP || !stateExitedEventDetails.output) return undefined;
  return JSON.parse(stateExitedEventDetails.output) as RolloutState;
}

export async function readJudgements(
  { clients }: Pick<LoopContext, 'clients'>,
  executionArn: string,
): Promise<WaveJudgement[]> {
  const judgements = new Map<string, WaveJudgement>();
  const client = clients.stepFunctions;
  for await (const { events = [] } of paginateGetExecutionHistory({ client }, { executionArn })) {
    for (const event of events) {
      const state = stateAfter(event);
      const wave = state?.waves.at(-1)?.name;
      if (!state?.judgement || wave === undefined) continue;
      const { verdict, reasons, numbers } = state.judgement;
      judgements.set(wave, { wave, verdict, reasons, numbers });
    }
  }
  return [...judgements.values()];
}
