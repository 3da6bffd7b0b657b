import { afterSilence, type Silence } from '../../../../edge-components/inference/src/models/patience';

const silence: Silence = { allowed: 5_000, passed: 5_010, worked: 5_000, isStopped: false, extensions: 0 };

test.each<[string, Partial<Silence>, ReturnType<typeof afterSilence>]>([
  ['case 39: computes all the time', {}, 'hangs'],
  ['case 39: computes, on a machine that is busy with others', { worked: 500 }, 'hangs'],
  ['case 39: does nothing, for the third time', { worked: 0, extensions: 2 }, 'hangs'],
  ['case 39: cannot be asked how much it has worked', { worked: undefined }, 'hangs'],
  ['case 41: hardly got a processor', { worked: 400 }, 'again'],
  [
    'case 41: did nothing, for the second time: stopped and continued, or waiting for a disk',
    { worked: 0, extensions: 1 },
    'again',
  ],
  ['case 41: worked, while this process did not run itself', { passed: 9_000, worked: 9_000 }, 'again'],
  ['case 41: hardly got a processor, for the third time', { worked: 400, extensions: 2 }, 'starved'],
  ['case 41: is stopped', { isStopped: true, worked: 0 }, 'stopped'],
  ['case 41: is stopped, however often', { isStopped: true, worked: 0, extensions: 2 }, 'stopped'],
])('%s', (_, differing, expected) => {
  expect(afterSilence({ ...silence, ...differing })).toBe(expected);
});
