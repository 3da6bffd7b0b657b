import fc from 'fast-check';
import {
  devicePolicyName,
  modelComponentName,
  pipelineName,
  resultsRuleName,
  resultsTopic,
  statusTopic,
  waveGroupName,
} from '../../../lib/shared/names';

const scope = { environmentName: 'dev', useCase: 'surface-inspection' };

describe('names that cross a process boundary', () => {
  test.each([
    [waveGroupName(scope, 'canary'), 'kaizen-dev-canary'],
    [devicePolicyName(scope), 'kaizen-dev-device'],
    [pipelineName(scope), 'kaizen-dev-surface-inspection-training'],
    [resultsTopic(scope, 'camera-1'), '$aws/rules/kaizen_dev_results/surface-inspection/camera-1/results'],
    [statusTopic(scope, '{thingName}'), '$aws/rules/kaizen_dev_status/surface-inspection/{thingName}/status'],
    [modelComponentName('surface-inspection'), 'com.kaizenedge.model.SurfaceInspection'],
    [modelComponentName('a-b1-c'), 'com.kaizenedge.model.AB1C'],
  ])('%s', (name, expected) => {
    expect(name).toBe(expected);
  });

  test('any use case gives names that AWS takes', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/), (useCase) => {
        const named = { environmentName: 'local', useCase };
        expect(modelComponentName(useCase)).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
        expect(pipelineName(named)).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}$/);
        expect(resultsRuleName(named)).toMatch(/^[a-zA-Z0-9_]{1,128}$/);
        // AWS IoT: at most 256 bytes and, besides the three levels of Basic Ingest, seven slashes.
        const topic = resultsTopic(named, 'x'.repeat(124));
        expect(topic.length).toBeLessThanOrEqual(256);
        expect(topic.split('/').length - 1 - 3).toBeLessThanOrEqual(7);
      }),
    );
  });
});
