import { presenceOf, SILENT_AFTER_MILLISECONDS } from '../../../lambda/telemetry/device-presence';
import type { InventoryItem } from '../../../lambda/telemetry/inventory-table';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const resources = (uptimeSeconds: number) => ({ residentBytes: 1, cpuSeconds: 1, uptimeSeconds });

test.each<[string, Partial<InventoryItem>, number, string]>([
  ['speaks', {}, 1_000, 'running'],
  ['speaks, of an older component', { endedUncleanly: false }, 1_000, 'running'],
  [
    'has been killed since',
    { state: 'running', endedUncleanly: true, resources: resources(60) },
    1,
    'restarted',
  ],
  [
    'was killed long ago',
    { state: 'running', endedUncleanly: true, resources: resources(7_200) },
    1,
    'running',
  ],
  ['has just been heard', {}, SILENT_AFTER_MILLISECONDS, 'running'],
  ['is not heard any more', {}, SILENT_AFTER_MILLISECONDS + 1, 'silent'],
  ['is not heard after it was killed', { endedUncleanly: true }, SILENT_AFTER_MILLISECONDS + 1, 'silent'],
  ['was told to stop', { state: 'stopped' }, 1, 'stopped'],
  ['was told to stop long ago', { state: 'stopped' }, 1e9, 'stopped'],
])('a device that %s [N7]', (_, item, age, presence) => {
  expect(presenceOf({ ...item, receivedAt: NOW - age } as InventoryItem, NOW)).toBe(presence);
});
