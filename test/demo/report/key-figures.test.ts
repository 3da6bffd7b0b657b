import { keyFigures } from '../../../demo/report/key-figures';
import type { ReportData } from '../../../demo/report/report-data';
import { seededData } from './seeded-data';

let data: ReportData;
beforeAll(async () => {
  data = await seededData();
});

function curedAfter(change: Partial<ReportData>): string | undefined {
  const name = 'From the change to the cured fleet';
  return keyFigures({ ...data, ...change }).find((figure) => figure.name === name)?.detail;
}

test.each([
  [480, 240, 'goal 4 min 0 s: met; the whole run took 8 min 0 s, goal 8 min 0 s: met'],
  [481, 241, 'goal 4 min 0 s: missed; the whole run took 8 min 1 s, goal 8 min 0 s: missed'],
])('a run of %i s with a cure of %i s is held to both goals', (totalSeconds, toCure, detail) => {
  const turns = data.turns.map((turn) => ({ ...turn, toCure }));
  expect(curedAfter({ totalSeconds, turns })).toBe(detail);
});

test('a run with two turns is held to the goal of a cure only, the slower of them', () => {
  const turns = [100, 260].flatMap((toCure) => data.turns.map((turn) => ({ ...turn, toCure })));
  expect(curedAfter({ totalSeconds: 900, turns })).toBe(
    'goal 4 min 0 s: missed; the whole run took 15 min 0 s, goal of one with a single turn 8 min 0 s',
  );
});

test('a run without an answered change has met no goal', () => {
  expect(curedAfter({ totalSeconds: 100, turns: [] })).toBe(
    'goal 4 min 0 s: not reached; the whole run took 1 min 40 s, goal of one with a single turn 8 min 0 s',
  );
});
