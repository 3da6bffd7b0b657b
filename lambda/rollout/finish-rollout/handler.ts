import type { Context } from 'aws-lambda';
import { REGISTRY_VARIABLES } from '../../registry/names';
import { ReleaseTable } from '../../registry/release-table';
import { documentClient } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { InvalidInputError } from '../../shared/errors';
import { putEvent } from '../../shared/events';
import { log } from '../../shared/log';
import { waveSettings } from '../environment';
import { parseState } from '../rollout-state';
import { RolloutTable } from '../rollout-table';
import {
  completeRollout,
  type FinishedState,
  type FinishRolloutPorts,
  recordRollback,
} from './finish-rollout';

const ENDINGS = { COMPLETED: completeRollout, ROLLED_BACK: recordRollback } as const;

/** State machine step: records how the rollout ended. Input: `{ending, state}`. */
export async function handler(
  input: { readonly ending?: unknown; readonly state?: unknown },
  context: Context,
): Promise<FinishedState> {
  log.addContext(context);
  const { ending } = input;
  if (ending !== 'COMPLETED' && ending !== 'ROLLED_BACK') {
    throw new InvalidInputError(
      `ending: must be one of ${Object.keys(ENDINGS).join(', ')}, got ${JSON.stringify(ending)}`,
    );
  }
  const state = parseState(input.state);
  const tableName = requireEnvironment(REGISTRY_VARIABLES.releaseTable);
  const ports: FinishRolloutPorts = {
    now: () => new Date(),
    waveNames: waveSettings().map(({ name }) => name),
    getRelease: (counter) => new ReleaseTable(documentClient(), tableName, state.useCase).get(counter),
    table: new RolloutTable(documentClient(), tableName, state.useCase),
    announce: putEvent,
  };
  const finished = await ENDINGS[ending](state, ports);
  log.info(finished.summary, { releaseId: state.releaseId });
  return finished;
}
