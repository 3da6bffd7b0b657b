import {
  afterFleetStatus,
  CoreDeviceRegistry,
  parseFleetStatus,
} from '../../greengrass/core-device-registry';
import type { ComponentStatus, FleetStatus } from '../../greengrass/deployment-document';

const SCOPE = { region: 'eu-west-1', accountId: '111122223333' };

function component(componentName: string, status: ComponentStatus['status']): ComponentStatus {
  return { componentName, version: '1.0.0', status, isRoot: true, fleetConfigArns: [] };
}

function message(change: Partial<FleetStatus>): FleetStatus {
  return {
    ggcVersion: '2.18.2',
    platform: 'linux',
    architecture: 'amd64',
    thing: 'press-1',
    overallDeviceStatus: 'HEALTHY',
    sequenceNumber: 1,
    timestamp: 1_000,
    messageType: 'COMPLETE',
    trigger: 'CADENCE',
    components: [],
    ...change,
  };
}

const names = (registry: CoreDeviceRegistry) => [...registry.get('press-1').components.keys()];

describe('components of a core device', () => {
  const both = message({ components: [component('a', 'RUNNING'), component('b', 'RUNNING')] });

  test('are replaced by a complete message', () => {
    const registry = new CoreDeviceRegistry(SCOPE);
    registry.report(both);
    registry.report(message({ sequenceNumber: 2, components: [component('b', 'RUNNING')] }));
    expect(names(registry)).toEqual(['b']);
  });

  test('are kept by a partial message', () => {
    const registry = new CoreDeviceRegistry(SCOPE);
    registry.report(both);
    registry.report(
      message({ sequenceNumber: 2, messageType: 'PARTIAL', components: [component('b', 'ERRORED')] }),
    );
    expect(names(registry)).toEqual(['a', 'b']);
    expect(registry.get('press-1').components.get('b')?.reported.status).toBe('ERRORED');
  });

  test('keep the time of their last change while they only repeat themselves', () => {
    const first = afterFleetStatus(undefined, both);
    const second = afterFleetStatus(first, { ...both, sequenceNumber: 2, timestamp: 2_000 });
    expect(second?.components.get('a')).toMatchObject({
      stateChangedAt: new Date(1_000),
      reportedAt: new Date(2_000),
    });
  });
});

test.each<[string, Partial<FleetStatus>, boolean]>([
  ['the same number again', { sequenceNumber: 5 }, false],
  ['an earlier number', { sequenceNumber: 4 }, false],
  ['a later number', { sequenceNumber: 6 }, true],
  ['a number that begins again after a restart', { sequenceNumber: 1, trigger: 'NUCLEUS_LAUNCH' }, true],
])('%s is taken: %#', (_what, change, taken) => {
  const before = afterFleetStatus(undefined, message({ sequenceNumber: 5 }));
  expect(afterFleetStatus(before, message(change)) !== undefined).toBe(taken);
});

describe('the component event', () => {
  const running = message({ components: [component('a', 'RUNNING'), component('b', 'RUNNING')] });
  const broken = {
    messageType: 'PARTIAL',
    trigger: 'BROKEN_COMPONENT',
    components: [component('b', 'BROKEN')],
  } as const;

  test('is silent while nothing breaks', () => {
    expect(new CoreDeviceRegistry(SCOPE).report(running)).toBeUndefined();
  });

  test('names the component that broke, once', () => {
    const registry = new CoreDeviceRegistry(SCOPE);
    registry.report(running);
    expect(registry.report(message({ ...broken, sequenceNumber: 2 }))).toEqual({
      detailType: 'Greengrass V2 Installed Component Status Change',
      resources: ['arn:aws:greengrass:eu-west-1:111122223333:coreDevices:press-1'],
      detail: {
        components: [
          {
            componentName: 'b',
            componentVersion: '1.0.0',
            root: true,
            lifecycleState: 'BROKEN',
            lifecycleStatusCodes: [],
            lifecycleStateDetails: '',
          },
        ],
      },
    });
    expect(registry.report(message({ ...broken, sequenceNumber: 3 }))).toBeUndefined();
  });

  test('names every component when a deployment has ended', () => {
    const event = new CoreDeviceRegistry(SCOPE).report({ ...running, trigger: 'THING_GROUP_DEPLOYMENT' });
    expect(event?.detail.components).toHaveLength(2);
  });
});

test.each<[string, unknown, string]>([
  ['no JSON', '{', 'JSON'],
  ['missing fields', {}, "required property 'ggcVersion'"],
  ['an unknown status', message({ overallDeviceStatus: 'FINE' as 'HEALTHY' }), 'overallDeviceStatus'],
  ['another thing', message({ thing: 'press-2' }), 'the topic says press-1'],
])('a message with %s is refused', (_what, value, problem) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  expect(() => parseFleetStatus('press-1', text)).toThrow(problem);
});
