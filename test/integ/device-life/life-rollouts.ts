/** Releases to one wave: the rollout's own functions in the order of its state machine, without the time in which a release is judged. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { type Wave, waveGroupOutput } from '../../../cli/device/device-folder';
import {
  blobKey,
  modelComponentName,
  modelComponentVersion,
  packageClaimKey,
  releaseIdOf,
} from '../../../lambda/registry/names';
import { ReleaseTable } from '../../../lambda/registry/release-table';
import { KmsSigner, signRelease } from '../../../lambda/registry/sign-release';
import { handler as checkWave } from '../../../lambda/rollout/check-wave/handler';
import { handler as deployWave } from '../../../lambda/rollout/deploy-wave/handler';
import { handler as finishRollout } from '../../../lambda/rollout/finish-rollout/handler';
import { ROLLOUT_VARIABLES, type WaveSettings } from '../../../lambda/rollout/names';
import { handler as planRollout } from '../../../lambda/rollout/plan-rollout/handler';
import { handler as rollBackWave } from '../../../lambda/rollout/roll-back-wave/handler';
import type { RolloutState } from '../../../lambda/rollout/rollout-state';
import { type ReleaseOptions, releaseFiles } from '../../edge-components/release-fixture';
import { waitFor } from '../../edge-components/wait-for';
import type { LifeCloud } from './life-cloud';
import { CONFIG } from './life-stack';

const { useCase } = CONFIG;
const CONTEXT = { awsRequestId: 'rollout' } as Context;
const INSTALLED_WITHIN_MILLISECONDS = 120_000;

export class LifeRollouts {
  /** Every release that was made, the roll-backs too. */
  readonly releaseIds: string[] = [];

  constructor(
    private readonly cloud: LifeCloud,
    private readonly wave: Wave,
    private readonly models: string,
  ) {}

  /** Signs a release, and puts it where build-release does. @returns its counter */
  async build(options: Omit<ReleaseOptions, 'counter' | 'overrides'>): Promise<number> {
    const { cloud } = this;
    const { clients, environment } = cloud;
    const table = new ReleaseTable(clients.dynamoDb, environment.output('ReleaseTableName'), useCase);
    const folder = mkdtempSync(join(cloud.folder, 'release-'));
    const packages = `${this.wave}-${this.releaseIds.length}`;
    const { counter } = await table.claimCounter(
      `${packageClaimKey(1)}-${packages}`,
      new Date().toISOString(),
    );
    const componentName = modelComponentName(CONFIG);
    const releaseId = releaseIdOf(useCase, counter);
    const release = await releaseFiles(folder, this.models, {
      ...options,
      counter,
      overrides: { useCase, releaseId, target: { componentName, architectures: ['linux-x64'] } },
    });
    for (const { name, sha256 } of release.files) {
      await cloud.putObject(blobKey(sha256, name), readFileSync(join(folder, name)));
    }
    const signer = new KmsSigner(clients.kms, environment.output('SigningKeyArn'));
    const envelope = await signRelease(release, await table.classCodes(), signer);
    await cloud.putObject(envelope.key, envelope.body);
    const nowhere = 's3://no-export/of-a-test';
    await table.add({
      release,
      envelopeKey: envelope.key,
      envelopeSha256: envelope.sha256,
      componentName,
      componentVersion: modelComponentVersion(counter),
      exportUri: nowhere,
      modelUri: nowhere,
      status: 'READY',
    });
    this.releaseIds.push(releaseId);
    return counter;
  }

  /** Deploys a release and looks until its devices have it, or cannot. */
  async deploy(counter: number): Promise<RolloutState> {
    process.env[ROLLOUT_VARIABLES.waves] = JSON.stringify([this.settings]);
    const planned = await planRollout(
      {
        useCase,
        counter,
        releaseId: releaseIdOf(useCase, counter),
        executionArn: `arn:aws:states:us-east-1:000000000000:execution:rollout:${this.wave}-${counter}`,
        waveIndex: 0,
        waves: [],
        notes: [],
      },
      CONTEXT,
    );
    return this.checked(await deployWave(planned, CONTEXT));
  }

  async complete(state: RolloutState): Promise<void> {
    await finishRollout({ ending: 'COMPLETED', state }, CONTEXT);
  }

  /** @returns the state once every device has the release of before again, or cannot */
  async rollBack(state: RolloutState): Promise<RolloutState> {
    const rolledBack = await this.checked(await rollBackWave(state, CONTEXT));
    this.releaseIds.push(rolledBack.rollback?.releaseId ?? '');
    await finishRollout({ ending: 'ROLLED_BACK', state: rolledBack }, CONTEXT);
    return rolledBack;
  }

  private checked(state: RolloutState): Promise<RolloutState> {
    return waitFor(
      `devices that have ${state.rollback?.releaseId ?? state.releaseId}`,
      async () => {
        const next = await checkWave(state, CONTEXT);
        return next.check?.status === 'PENDING' ? undefined : next;
      },
      INSTALLED_WITHIN_MILLISECONDS,
    );
  }

  private get settings(): WaveSettings {
    const thingGroupName = this.cloud.environment.output(waveGroupOutput(this.wave));
    return {
      name: this.wave,
      thingGroupName,
      thingGroupArn: this.thingGroupArn,
      bakeSeconds: 0,
      installTimeoutSeconds: INSTALLED_WITHIN_MILLISECONDS / 1_000,
      decisionTimeoutSeconds: 1,
      minimumResults: 1,
    };
  }

  get thingGroupArn(): string {
    const thingGroupName = this.cloud.environment.output(waveGroupOutput(this.wave));
    return `arn:aws:iot:${CONFIG.region}:${CONFIG.account}:thinggroup/${thingGroupName}`;
  }
}
