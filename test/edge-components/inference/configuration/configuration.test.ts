import type { UseCaseConfiguration } from '../../../../contracts';
import { readConfiguration } from '../../../../edge-components/inference/src/configuration/configuration';
import { useCaseConfiguration } from '../../device-harness';

const useCase = (name: string, changes: Partial<UseCaseConfiguration> = {}): UseCaseConfiguration =>
  useCaseConfiguration('/work', name, `com.kaizenedge.model.${name}`, changes);

const configuration = (useCases: Record<string, UseCaseConfiguration>): object => ({
  useCases,
  captureBucket: 'kaizen-captures',
});

function problemsIn(value: object): readonly string[] {
  const reading = readConfiguration(value, 'line-1');
  return reading.ok ? [] : reading.problems;
}

test('what is left out has the default of the contract, at every depth', () => {
  const { frames, shadow, ...least } = useCase('welds');
  const reading = readConfiguration(configuration({ welds: least }), 'line-1');
  expect(reading.ok && reading.settings).toMatchObject({
    componentUpdate: { quietSeconds: 2, longestDeferralSeconds: 30 },
    storage: { releaseBytes: 1_073_741_824, reserveBytes: 67_108_864 },
    trial: { memoryBytes: 1_073_741_824, timeoutMilliseconds: 20_000 },
    statusIntervalSeconds: 60,
    useCases: {
      welds: {
        retainStatus: false,
        frames: { policy: 'newest', queueLength: 4 },
        limits: { maximumPixels: 16_777_216, maximumFrameBytes: 16_777_216 },
        upload: { disagreementSampleProbability: 0, noveltySampleProbability: 0 },
        outbox: { messageBytes: 5120 },
        challenger: {
          frames: 0,
          maximumDisagreement: 1,
          minimumFrames: 20,
          maximumLatencyRatio: 5,
          timeoutSeconds: 60,
        },
        shadow: { frames: 500 },
        cameras: { 'camera-1': { stallSeconds: 60, frozenFrames: 0, framesPerSecond: 5 } },
      },
    },
  });
});

test('the value that was read is left as it was', () => {
  const value = configuration({ welds: useCase('welds') });
  const before = structuredClone(value);
  readConfiguration(value, 'line-1');
  expect(value).toEqual(before);
});

test.each<[string, object, string]>([
  ['no use case', configuration({}), 'useCases: must NOT have fewer than 1 properties, got {}'],
  [
    'a snapshot camera without an address',
    configuration({ welds: useCase('welds', { cameras: { front: { type: 'http-snapshot' } } }) }),
    "useCases.welds.cameras.front: must have required property 'url'",
  ],
  [
    'a video device that could be an option of a program',
    configuration({
      welds: useCase('welds', { cameras: { front: { type: 'v4l2', device: '-i /dev/video0' } } }),
    }),
    'useCases.welds.cameras.front.device: must match pattern "^/dev/(?!.*\\.\\.)[A-Za-z0-9/_.:-]+$", got "-i /dev/video0"',
  ],
  [
    'a network camera of another protocol',
    configuration({
      welds: useCase('welds', { cameras: { front: { type: 'rtsp', url: 'http://user:secret@camera/1' } } }),
    }),
    "useCases.welds.cameras.front.url: must begin with rtsp:// or rtsps:// for type 'rtsp'",
  ],
  [
    'a topic with a wildcard',
    configuration({ welds: useCase('welds', { resultsTopic: 'results/+' }) }),
    "useCases.welds.resultsTopic: topic 'results/+' contains one of + # { } or NUL",
  ],
  [
    'a retained status on a reserved topic',
    configuration({ welds: useCase('welds', { retainStatus: true }) }),
    "useCases.welds.retainStatus: AWS IoT keeps no message of a reserved topic, got '$aws/rules/kaizen_local_status/welds/{thingName}/status'",
  ],
  [
    'two use cases that take the same releases',
    configuration({
      welds: useCase('welds'),
      seams: useCase('seams', { modelComponentName: 'com.kaizenedge.model.welds' }),
    }),
    "useCases.seams.modelComponentName: must differ from that of 'welds', got 'com.kaizenedge.model.welds'",
  ],
])('%s is refused by name, value and rule', (_, value, problem) => {
  expect(problemsIn(value)).toContain(problem);
});

test('every problem is reported at once', () => {
  const broken = useCase('welds', { resultsTopic: 'a/#', statusTopic: 'b/{thing}' });
  expect(problemsIn(configuration({ welds: broken }))).toHaveLength(2);
});

test('fields of another camera type are allowed: a deployment cannot take them out of a configuration', () => {
  const cameras = { front: { type: 'rtsp' as const, url: 'rtsp://camera/1', path: 'camera.sock' } };
  expect(problemsIn(configuration({ welds: useCase('welds', { cameras }) }))).toEqual([]);
});
