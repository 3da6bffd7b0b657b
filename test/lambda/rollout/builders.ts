import type { StoredRelease } from '../../../lambda/registry/release-table';
import type { WaveSettings } from '../../../lambda/rollout/names';
import type { RolloutState } from '../../../lambda/rollout/rollout-state';
import { aRelease, USE_CASE } from '../shared/builders';

export const EXECUTION = 'arn:aws:states:eu-central-1:000000000000:execution:kaizen-local-rollout:one';
export const INFERENCE = { name: 'com.kaizenedge.Inference', version: '1.2.3' };

export function aStored(counter: number, overrides: Partial<StoredRelease> = {}): StoredRelease {
  return {
    release: aRelease({ counter, releaseId: `${USE_CASE}-${counter}`, modelPackageVersion: counter }),
    envelopeKey: `releases/envelopes/${counter}/release.dsse.json`,
    envelopeSha256: 'e'.repeat(64),
    componentName: 'com.kaizenedge.model.Surface',
    componentVersion: `1.0.${counter}`,
    exportUri: `s3://models/pipelines/${counter}/export/`,
    modelUri: `s3://models/pipelines/${counter}/model.tar.gz`,
    status: 'READY',
    ...overrides,
  };
}

export function aWave(name: string, overrides: Partial<WaveSettings> = {}): WaveSettings {
  return {
    name,
    thingGroupName: `kaizen-local-${name}`,
    thingGroupArn: `arn:aws:iot:eu-central-1:000000000000:thinggroup/kaizen-local-${name}`,
    bakeSeconds: 15,
    installTimeoutSeconds: 180,
    decisionTimeoutSeconds: 120,
    minimumResults: 60,
    ...overrides,
  };
}

export const WAVES = [aWave('canary'), aWave('stable')];

export function aState(counter: number, overrides: Partial<RolloutState> = {}): RolloutState {
  return {
    useCase: USE_CASE,
    counter,
    releaseId: `${USE_CASE}-${counter}`,
    executionArn: EXECUTION,
    waveIndex: 0,
    waves: [],
    notes: [],
    ...overrides,
  };
}
