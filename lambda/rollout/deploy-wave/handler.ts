import { REGISTRY_VARIABLES } from '../../registry/names';
import { documentClient, greengrass, iot } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { inferenceComponent } from '../environment';
import { RolloutTable } from '../rollout-table';
import { step } from '../step';
import { listThings } from '../thing-group';
import { WaveDeployer } from '../wave-deployer';
import { deployWave } from './deploy-wave';

/** State machine step: deploys the release to the current wave. */
export const handler = step(async (state) => {
  const table = new RolloutTable(
    documentClient(),
    requireEnvironment(REGISTRY_VARIABLES.releaseTable),
    state.useCase,
  );
  const deployer = new WaveDeployer(greengrass());
  const next = await deployWave(state, inferenceComponent(), {
    now: () => new Date(),
    listThings: (thingGroupName) => listThings(iot(), thingGroupName),
    deploy: (...request) => deployer.deploy(...request),
    holder: () => table.holder(),
    noteWave: (name, counter) => table.noteWave(name, counter),
  });
  log.info('wave deployed', { outcome: next.deployment?.outcome, wave: next.waves.at(-1) });
  return next;
});
