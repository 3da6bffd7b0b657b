import { inferenceComponentName } from '../../../lambda/device/names';
import {
  envelopeKey,
  modelComponentName,
  modelComponentVersion,
  releaseIdOf,
} from '../../../lambda/registry/names';
import type { StoredRelease } from '../../../lambda/registry/release-items';
import type { JudgeSettings } from '../../../lambda/rollout/judge-wave/judge-wave';
import type { WaveSettings } from '../../../lambda/rollout/names';
import type { RolloutState } from '../../../lambda/rollout/rollout-state';
import type { CloudModel } from '../../../lambda/training/cloud-champion';
import { executionPrefix } from '../../../lambda/training/names';
import { aRelease, SCOPE, USE_CASE } from '../shared/builders';

export const EXECUTION = 'arn:aws:states:eu-central-1:000000000000:execution:kaizen-local-rollout:one';
export const INFERENCE = { name: inferenceComponentName(SCOPE), version: '1.2.3' };

export const aCloudModel = (counter: number): CloudModel => ({
  uri: `s3://models/${executionPrefix(String(counter))}cloud/model.tar.gz`,
  widthMultiplier: 0.5,
});

export function aStored(counter: number, overrides: Partial<StoredRelease> = {}): StoredRelease {
  return {
    release: aRelease({ counter, releaseId: releaseIdOf(USE_CASE, counter), modelPackageVersion: counter }),
    envelopeKey: envelopeKey(String(counter)),
    envelopeSha256: 'e'.repeat(64),
    componentName: modelComponentName(SCOPE),
    componentVersion: modelComponentVersion(counter),
    exportUri: `s3://models/${executionPrefix(String(counter))}export/`,
    modelUri: `s3://models/${executionPrefix(String(counter))}model.tar.gz`,
    cloudModel: aCloudModel(counter),
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

/** Of environment local, about. */
export const JUDGE_SETTINGS: JudgeSettings = {
  limits: {
    disagreement: 0.2,
    invalidRate: 0.02,
    latencyRatio: 1.5,
    accuracyDrop: 0.05,
    throughputRatio: 0.3,
    escapeIncrease: 0.004,
  },
  sampling: { control: 0.05, uncertainty: 0.25, disagreement: 0.5, novelty: 0.25 },
  windowSeconds: 10,
};

export const WAVES = [aWave('canary'), aWave('stable')];

export function aState(counter: number, overrides: Partial<RolloutState> = {}): RolloutState {
  return {
    useCase: USE_CASE,
    counter,
    releaseId: releaseIdOf(USE_CASE, counter),
    executionArn: EXECUTION,
    waveIndex: 0,
    waves: [],
    notes: [],
    ...overrides,
  };
}
