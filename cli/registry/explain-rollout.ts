/** What rollouts wait for: a running one by the history of its execution, one that failed by its release. */
import { GetExecutionHistoryCommand } from '@aws-sdk/client-sfn';
import { counterOfItem, releaseIdOf } from '../../lambda/registry/names';
import { describeWait, type NextAttempt } from '../../lambda/rollout/next-attempt';
import type { RolloutState } from '../../lambda/rollout/rollout-state';
import type { Clients } from '../shared/clients';
import { queryUseCase } from '../shared/dynamo';
import type { KaizenEnvironment } from '../shared/environment';

type LabelNeed = NonNullable<NonNullable<RolloutState['judgement']>['needs']>[number];

/** Several looks back: the last step that said something is among them. */
const EVENTS = 100;

/** Says whose captures to label, and how they are found. */
function request({ labels, of, devices }: LabelNeed): string {
  const which =
    of === 'newly-passed'
      ? 'captures (reason: disagreement) of parts that pass now and did not before'
      : 'captures';
  return `label ${labels} ${which}, of ${devices.join(', ')} first: kaizen captures --unlabelled`;
}

/** A sentence on what the rollout with this state waits for; undefined when it is at work. */
export function rolloutLine(state: RolloutState): string | undefined {
  const { releaseId, waves, judgement, check } = state;
  const wave = waves.at(-1)?.name;
  if (judgement?.verdict === 'WAIT') {
    const asks = (judgement.needs ?? []).map(request);
    return `rollout of ${releaseId} waits in wave ${wave}: ${[...judgement.reasons, ...asks].join(' ')}`;
  }
  if (check?.status === 'PENDING') {
    return `rollout of ${releaseId} waits in wave ${wave} for ${check.devices - check.ready} of ${check.devices} devices: ${check.reasons.join(' ')}`;
  }
  return undefined;
}

/** A sentence on a release that waits for its next try; undefined where nothing has failed. */
export function retryLine(
  releaseId: string,
  { retryAfter, awaits }: Partial<NextAttempt>,
  now: Date,
): string | undefined {
  if (awaits && now.getTime() < Date.parse(awaits.until)) {
    return `${releaseId} is tried again ${describeWait(awaits)}: see to the devices, or take them out of their thing group`;
  }
  return retryAfter && now.getTime() < Date.parse(retryAfter)
    ? `${releaseId} is tried again after ${retryAfter}`
    : undefined;
}

async function lastState(
  clients: Pick<Clients, 'stepFunctions'>,
  executionArn: string,
): Promise<RolloutState | undefined> {
  const { events = [] } = await clients.stepFunctions.send(
    new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: EVENTS }),
  );
  for (const { stateExitedEventDetails } of events) {
    const { output } = stateExitedEventDetails ?? {};
    if (!output) continue;
    const state = JSON.parse(output) as RolloutState;
    if (state.judgement || state.check) return state;
  }
  return undefined;
}

/** A sentence for each rollout that waits, and for each release that waits for another. */
export async function explainRollouts(
  clients: Pick<Clients, 'dynamoDb' | 'stepFunctions'>,
  environment: KaizenEnvironment,
): Promise<string[]> {
  const { useCase } = environment;
  const items = await queryUseCase(clients.dynamoDb, environment.output('ReleaseTableName'), useCase);
  const lines: string[] = [];
  for (const { item, status, executionArn, ...stored } of items) {
    const counter = counterOfItem(String(item));
    if (counter !== undefined && status === 'READY') {
      const line = retryLine(releaseIdOf(useCase, counter), stored, new Date());
      if (line !== undefined) lines.push(line);
    }
    if (counter === undefined || status !== 'ROLLING_OUT' || typeof executionArn !== 'string') continue;
    const state = await lastState(clients, executionArn);
    // Of a release that is being taken back, the execution is another one's.
    const line = state?.releaseId === releaseIdOf(useCase, counter) ? rolloutLine(state) : undefined;
    if (line !== undefined) lines.push(line);
  }
  return lines;
}
