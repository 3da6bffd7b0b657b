import type { Assessment } from '../../../lambda/monitoring/assess-release';
import { endedByItself, type SeenNow } from '../../../lambda/monitoring/end-episode';
import type { Episode } from '../../../lambda/monitoring/episode';

const DRIFT: Assessment = { kind: 'DRIFT', feature: 'embedding', value: 1, limit: 0.45 };
const LOW: Assessment = { kind: 'ACCURACY_LOW', value: 0.8, lower: 0.7, upper: 0.85, limit: 0.9 };
const episode = (by: Assessment, status: Episode['status'] = 'OPEN') => ({
  status,
  openedAt: '2026-03-01T00:00:00.000Z',
  evidence: { assessment: by, results: 500, features: [], deviatingDevices: [] },
});
const now = (kind: Assessment, effectiveLabels?: number): SeenNow => ({
  assessment: kind,
  driftLookbackHours: 24,
  ...(effectiveLabels !== undefined && {
    accuracy: { value: 0.97, lower: 0.95, upper: 0.98, labels: 100, effectiveLabels },
  }),
});
const HEALTHY: Assessment = { kind: 'HEALTHY' };
const AGAIN = 'the field is within its limits again, over 24 h';

test.each<[string, ReturnType<typeof episode>, SeenNow, number, string | undefined]>([
  ['a lamp that was changed, after a whole window', episode(DRIFT), now(HEALTHY), 24, AGAIN],
  ['a window that begins before it was opened', episode(DRIFT), now(HEALTHY), 23.9, undefined],
  ['drift that goes on', episode(DRIFT), now(DRIFT), 100, undefined],
  ['labels that say it goes on', episode(DRIFT), now(LOW), 100, undefined],
  [
    'a line that stands still',
    episode(DRIFT),
    now({ kind: 'NO_DATA', results: 0, minimumResults: 200 }),
    100,
    undefined,
  ],
  ['labels that say it is over', episode(LOW), now(HEALTHY, 20), 24, AGAIN],
  ['labels that are too few to say so', episode(LOW), now(HEALTHY, 19), 1000, undefined],
  ['labels that never come', episode(LOW), now(HEALTHY), 1000, undefined],
  ['a retraining that has begun', episode(DRIFT, 'RETRAINING'), now(HEALTHY), 100, undefined],
  ['an episode that is closed', episode(DRIFT, 'CLOSED'), now(HEALTHY), 100, undefined],
])('[B14] case 56: %s', (_, given, seen, hours, expected) => {
  const at = new Date(Date.parse(given.openedAt) + hours * 3_600_000);
  expect(endedByItself(given, seen, { minimumEffectiveLabels: 20 }, at)).toBe(expected);
});
