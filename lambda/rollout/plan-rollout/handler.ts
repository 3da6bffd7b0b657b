import { REGISTRY_VARIABLES } from '../../registry/names';
import { ReleaseTable } from '../../registry/release-table';
import { documentClient } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { componentPublisher, waveSettings } from '../environment';
import { RolloutTable } from '../rollout-table';
import { step } from '../step';
import { planRollout } from './plan-rollout';

/** State machine step: claims the release and publishes its component. */
export const handler = step(async (state) => {
  const tableName = requireEnvironment(REGISTRY_VARIABLES.releaseTable);
  const publisher = componentPublisher();
  const next = await planRollout(state, waveSettings(), {
    now: () => new Date(),
    getRelease: (counter) => new ReleaseTable(documentClient(), tableName, state.useCase).get(counter),
    table: new RolloutTable(documentClient(), tableName, state.useCase),
    publish: (stored, executionArn) => publisher.publish(stored, executionArn),
  });
  log.info('rollout planned', { outcome: next.plan?.outcome, reason: next.plan?.reason });
  return next;
});
