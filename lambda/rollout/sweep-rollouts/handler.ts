import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Context, EventBridgeEvent } from 'aws-lambda';
import { REGISTRY_VARIABLES, releaseIdOf } from '../../registry/names';
import { documentClient, stepFunctions } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { SHARED_VARIABLES } from '../../shared/names';
import { InventoryTable } from '../../telemetry/inventory-table';
import { TELEMETRY_VARIABLES } from '../../telemetry/names';
import { waveSettings } from '../environment';
import { describeExecution } from '../execution';
import { ROLLOUT_VARIABLES } from '../names';
import { RolloutTable } from '../rollout-table';
import { type EndedExecution, type Sweep, sweepRollouts } from './sweep-rollouts';

/** The fields that we read of "Step Functions Execution Status Change". */
interface StatusChange {
  readonly executionArn?: string;
  readonly status?: EndedExecution['status'];
  /** JSON; absent when it is too large for an event. */
  readonly input?: string | null;
}

/** `undefined` when it is no end of a rollout: the schedule's event, or an execution that somebody started by hand with another input. */
function endedExecution({ executionArn, status, input }: StatusChange): EndedExecution | undefined {
  const counter: unknown = input ? JSON.parse(input)?.counter : undefined;
  return executionArn && status && typeof counter === 'number'
    ? { executionArn, status, counter }
    : undefined;
}

const inventory = (): InventoryTable =>
  new InventoryTable(documentClient(), requireEnvironment(TELEMETRY_VARIABLES.inventoryTable));

/** An execution of the rollout has ended, or the schedule: both only say "look now". */
export async function handler(
  event: EventBridgeEvent<string, StatusChange>,
  context: Context,
): Promise<Sweep> {
  log.addContext(context);
  const useCase = requireEnvironment(SHARED_VARIABLES.useCase);
  const stateMachineArn = requireEnvironment(ROLLOUT_VARIABLES.stateMachineArn);
  const sweep = await sweepRollouts(endedExecution(event.detail), {
    useCase,
    waveNames: waveSettings().map(({ name }) => name),
    now: () => new Date(),
    execution: (executionArn) => describeExecution(stepFunctions(), executionArn),
    lastHeardOf: async (deviceId) => (await inventory().find(deviceId))?.receivedAt,
    table: new RolloutTable(documentClient(), requireEnvironment(REGISTRY_VARIABLES.releaseTable), useCase),
    start: async (counter, request) => {
      const input = JSON.stringify({
        useCase,
        counter,
        releaseId: releaseIdOf(useCase, counter),
        ...request,
      });
      await stepFunctions().send(new StartExecutionCommand({ stateMachineArn, input }));
    },
  });
  log.info('rollouts swept', { sweep, executionArn: event.detail.executionArn });
  return sweep;
}
