import { ModelBucket } from '../../registry/model-bucket';
import { REGISTRY_VARIABLES } from '../../registry/names';
import { ReleaseTable } from '../../registry/release-table';
import { releaseLifetimeDays } from '../../registry/settings';
import { KmsSigner } from '../../registry/sign-release';
import { documentClient, greengrass, kms, s3 } from '../../shared/aws';
import { requireEnvironment } from '../../shared/env';
import { log } from '../../shared/log';
import { componentPublisher, inferenceComponent, waveSettings } from '../environment';
import { RolloutTable } from '../rollout-table';
import { step } from '../step';
import { WaveDeployer } from '../wave-deployer';
import { rollBackWave } from './roll-back-wave';

/** State machine step: takes the release back from every wave that it has touched. */
export const handler = step(async (state) => {
  const tableName = requireEnvironment(REGISTRY_VARIABLES.releaseTable);
  const bucket = new ModelBucket(s3(), requireEnvironment(REGISTRY_VARIABLES.modelBucket));
  const publisher = componentPublisher();
  const deployer = new WaveDeployer(greengrass());
  log.warn('rolling back', { error: state.error, check: state.check, judgement: state.judgement });
  const settings = { lifetimeDays: releaseLifetimeDays(), waves: waveSettings() };
  const next = await rollBackWave(state, inferenceComponent(), settings, {
    now: () => new Date(),
    releases: new ReleaseTable(documentClient(), tableName, state.useCase),
    table: new RolloutTable(documentClient(), tableName, state.useCase),
    signer: new KmsSigner(kms(), requireEnvironment(REGISTRY_VARIABLES.signingKeyArn)),
    putEnvelope: (key, body) => bucket.put(key, body),
    publish: (stored, executionArn) => publisher.publish(stored, executionArn),
    deploy: (...request) => deployer.deploy(...request),
  });
  log.info('roll-back deployed', { ...next.rollback });
  return next;
});
