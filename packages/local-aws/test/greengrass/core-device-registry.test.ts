import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  afterFleetStatus,
  CoreDeviceRegistry,
  type InstalledComponent,
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
  ['a later one', { timestamp: 1_001 }, true],
  ['an earlier one', { timestamp: 999 }, false],
  ['one of the same moment', { timestamp: 1_000 }, true],
  [
    '[N8] a later one whose number went back, as after a roll-back',
    { timestamp: 1_001, sequenceNumber: 4 },
    true,
  ],
  ['an earlier one of a new start', { timestamp: 1, trigger: 'NUCLEUS_LAUNCH' }, true],
])('%s is taken: %#', (_what, change, taken) => {
  const before = afterFleetStatus(undefined, message({ sequenceNumber: 5 }));
  expect(afterFleetStatus(before, message(change)) !== undefined).toBe(taken);
});

test('[N8] what the real classic nucleus reports is taken: main without a version, a count that goes back', () => {
  const lines = readFileSync(join(__dirname, 'recordings', 'classic-health.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const registry = new CoreDeviceRegistry(SCOPE);
  const states = lines.map((line) => {
    const event = registry.report(parseFleetStatus('line-1', line));
    const { reported } = registry.get('line-1').components.get('com.example.Model') as InstalledComponent;
    return [reported.version, reported.status, event?.detail.components];
  });
  const errored = expect.arrayContaining([
    expect.objectContaining({ lifecycleStatusCodes: ['STARTUP_ERROR'], lifecycleState: 'ERRORED' }),
  ]);
  expect(states).toEqual([
    ['1.0.2', 'INSTALLED', undefined],
    ['1.0.5', 'ERRORED', errored],
    ['1.0.5', 'ERRORED', undefined],
    ['1.0.4', 'RUNNING', expect.any(Array)],
  ]);
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
