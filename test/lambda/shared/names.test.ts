import fc from 'fast-check';
import { acceptedDigest, acceptedKey } from '../../../lambda/dataset/names';
import { devicePolicyName, inferenceComponentName, waveGroupName } from '../../../lambda/device/names';
import { dashboardName } from '../../../lambda/monitoring/names';
import { modelComponentName, modelPackageGroupName, useCaseOfGroup } from '../../../lambda/registry/names';
import { stateMachineName } from '../../../lambda/rollout/names';
import { eventSource, type NameScope } from '../../../lambda/shared/names';
import {
  captureImageKey,
  captureOfSidecar,
  captureSidecarKey,
  deviceTopic,
  ruleName,
  sidecarKeyOf,
} from '../../../lambda/telemetry/names';
import { pipelineName, trainingExecutionId } from '../../../lambda/training/names';

const scope = { environmentName: 'dev', useCase: 'surface-inspection' };
const PLANT = { environmentName: 'plant-7', useCase: 'a-b1-c' };
const ENVIRONMENT = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const anyScope = fc.record({
  environmentName: fc.stringMatching(ENVIRONMENT, { maxLength: 32 }),
  useCase: fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/),
});

describe('names that cross a process boundary', () => {
  test.each([
    [waveGroupName(scope, 'canary'), 'kaizen-dev-canary'],
    [devicePolicyName(scope), 'kaizen-dev-device'],
    [pipelineName(scope), 'kaizen-dev--surface-inspection-training'],
    [
      deviceTopic(scope, 'results', 'camera-1'),
      '$aws/rules/kaizen_dev_results/surface-inspection/camera-1/results',
    ],
    [
      deviceTopic(scope, 'status', '{thingName}'),
      '$aws/rules/kaizen_dev_status/surface-inspection/{thingName}/status',
    ],
    [deviceTopic(PLANT, 'results', 'line-1'), '$aws/rules/kaizen_plant_7_results/a-b1-c/line-1/results'],
    [inferenceComponentName(PLANT), 'com.kaizenedge.plant-7.Inference'],
    [modelComponentName(scope), 'com.kaizenedge.dev.model.SurfaceInspection'],
    [modelComponentName(PLANT), 'com.kaizenedge.plant-7.model.AB1C'],
  ])('%s', (name, expected) => {
    expect(name).toBe(expected);
  });

  test('any environment and use case give names that AWS takes', () => {
    fc.assert(
      fc.property(anyScope, (named) => {
        expect(modelComponentName(named)).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
        expect(inferenceComponentName(named)).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
        expect(eventSource(named)).toMatch(/^[A-Za-z0-9._-]{1,256}$/);
        expect(stateMachineName(named)).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
        expect(pipelineName(named)).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}$/);
        expect(ruleName(named, 'results')).toMatch(/^[a-zA-Z0-9_]{1,128}$/);
        // AWS IoT: at most 256 bytes and, besides the three levels of Basic Ingest, seven slashes.
        const topic = deviceTopic(named, 'results', 'x'.repeat(124));
        expect(topic.length).toBeLessThanOrEqual(256);
        expect(topic.split('/').length - 1 - 3).toBeLessThanOrEqual(7);
      }),
    );
  });

  test('[C9] two environments have no name in common, whatever their use cases', () => {
    const namesIn = (named: NameScope): string[] => [
      ...[eventSource, inferenceComponentName, modelComponentName, modelPackageGroupName].map((nameIn) =>
        nameIn(named),
      ),
      ...[pipelineName, stateMachineName, devicePolicyName, dashboardName].map((nameIn) => nameIn(named)),
      ...['canary', 'stable'].map((wave) => waveGroupName(named, wave)),
      ...[ruleName(named, 'results'), ruleName(named, 'status')],
    ];
    fc.assert(
      fc.property(anyScope, anyScope, (one, other) => {
        fc.pre(one.environmentName !== other.environmentName);
        const taken = new Set(namesIn(one));
        expect(namesIn(other).filter((name) => taken.has(name))).toEqual([]);
      }),
    );
    expect(modelPackageGroupName({ environmentName: 'aa', useCase: 'b-c' })).not.toBe(
      modelPackageGroupName({ environmentName: 'aa-b', useCase: 'c' }),
    );
  });
});

describe('what a name tells', () => {
  test('a model package group tells its use case', () => {
    expect(useCaseOfGroup(scope, modelPackageGroupName(scope))).toBe('surface-inspection');
  });

  test('a sidecar tells its capture, an image its sidecar', () => {
    const capture = { deviceId: 'line-1', captureId: 'boot-1' };
    const [image, sidecar] = [captureImageKey('surface', capture), captureSidecarKey('surface', capture)];
    expect(image).toBe('captures/surface/line-1/boot-1.jpg');
    expect(sidecarKeyOf(image)).toBe(sidecar);
    expect(captureOfSidecar('surface', sidecar)).toEqual(capture);
  });

  test.each([
    ['an image', 'captures/surface/line-1/boot-1.jpg'],
    ['one of another use case', 'captures/welds/line-1/boot-1.json'],
    ['one in a deeper folder', 'captures/surface/line-1/more/boot-1.json'],
    ['one without a device', 'captures/surface/boot-1.json'],
  ])('%s is the sidecar of no capture', (_, key) => {
    expect(captureOfSidecar('surface', key)).toBeUndefined();
  });

  test('an accepted manifest tells its digest', () => {
    const digest = 'a'.repeat(64);
    expect(acceptedDigest(`s3://datasets/${acceptedKey(digest)}`)).toBe(digest);
    expect(acceptedDigest(acceptedKey('not-a-digest'))).toBeUndefined();
    expect(acceptedDigest(`s3://datasets/manifests/incoming/${digest}.jsonl`)).toBeUndefined();
  });

  test('an export tells the execution that wrote it', () => {
    expect(trainingExecutionId('s3://models/pipelines/abc123/export/')).toBe('abc123');
    expect(trainingExecutionId('s3://models/by-hand/export/')).toBeUndefined();
  });
});
