import { SMALL, THREE_TURNS } from '../../demo/settings';
import { noteChange, type TurnLog, turnFigures, turnLogs } from '../../demo/turns';

test('one retraining answers both changes, or each has its own', () => {
  expect(turnLogs(SMALL)).toEqual([
    { number: 2, changes: ['light', 'tool'], change: 'light drift and crack', after: 'after retraining' },
  ]);
  expect(turnLogs(THREE_TURNS).map(({ number, change, after }) => [number, change, after])).toEqual([
    [2, 'light drift', 'after retraining'],
    [3, 'crack', 'after the second retraining'],
  ]);
});

test('a turn counts from its first change, and is whole with its last', () => {
  const [turn] = turnLogs(SMALL) as [TurnLog];
  const first = noteChange(turn);
  const last = noteChange(turn);
  expect(turn).toMatchObject({ changedAt: first, wholeSince: last });
});

test('times are seconds since the first change; what was not reached has none', () => {
  const [turn] = turnLogs(SMALL) as [TurnLog];
  expect(turnFigures(turn)).toMatchObject({ toEpisode: null, toCure: null });
  Object.assign(turn, { changedAt: 10_000, episodeAt: 41_000, retrainingAt: 70_000, trainedAt: 160_000 });
  expect(turnFigures(turn)).toEqual({
    change: 'light drift and crack',
    after: 'after retraining',
    toEpisode: 31,
    toRetraining: 60,
    toModel: 150,
    toCure: null,
  });
});
