import fc from 'fast-check';
import {
  type AlarmState,
  arrivalOf,
  type Expectation,
  problemsOf,
  type Ring,
  ringsOf,
  type Transition,
} from '../../demo/alarms/rings';

const transition = (heading: string, at: number, state: AlarmState): Transition => ({
  heading,
  at,
  state,
  reason: `${heading} ${state}`,
});
const drift: Expectation = { heading: 'drift-episode-open', since: 10_400, because: 'the light drifts' };
const ring = (heading: string, from: number): Ring => ({ heading, from, reason: 'Threshold Crossed' });

test('an alarm rings from ALARM until it is anything else, each for itself', () => {
  expect(
    ringsOf([
      transition('a', 1000, 'OK'),
      transition('a', 2000, 'ALARM'),
      transition('b', 3000, 'ALARM'),
      transition('a', 4000, 'OK'),
      transition('a', 5000, 'ALARM'),
      transition('b', 6000, 'INSUFFICIENT_DATA'),
    ]),
  ).toEqual([
    { heading: 'a', from: 2000, until: 4000, reason: 'a ALARM' },
    { heading: 'b', from: 3000, until: 6000, reason: 'b ALARM' },
    { heading: 'a', from: 5000, reason: 'a ALARM' },
  ]);
});

test.each<[string, readonly Ring[], readonly string[]]>([
  ['when what it is for has happened, in the same second even', [ring('drift-episode-open', 10_000)], []],
  ['again and again', [ring('drift-episode-open', 10_000), ring('drift-episode-open', 90_000)], []],
  [
    'before there was a reason for it',
    [ring('drift-episode-open', 9000), ring('drift-episode-open', 12_000)],
    ['alarm drift-episode-open went off, and nothing that happened explains it: Threshold Crossed'],
  ],
  ['not at all', [], ['alarm drift-episode-open did not go off, although the light drifts']],
  [
    'as another one that nobody expects',
    [ring('drift-episode-open', 11_000), ring('results-backlog', 11_000)],
    ['alarm results-backlog went off, and nothing that happened explains it: Threshold Crossed'],
  ],
])('an alarm that goes off %s', (_when, rings, problems) => {
  expect(problemsOf(rings, [drift])).toEqual(problems);
});

test('an alarm that may go off need not, and explains itself when it does', () => {
  const allowed = { ...drift, isOptional: true };
  expect(problemsOf([], [allowed])).toEqual([]);
  expect(problemsOf([ring('drift-episode-open', 10_000)], [allowed])).toEqual([]);
});

test('messages belong to the last rings of their alarm', () => {
  const rings = [ring('a', 1000), ring('b', 1000), ring('a', 2000), ring('a', 2000)];
  const arrivals = (heading: string, calls: readonly number[]) =>
    rings.filter((one) => one.heading === heading).map((one) => arrivalOf(one, rings, calls));
  expect(arrivals('a', [2100, 2200])).toEqual([undefined, 2100, 2200]);
  expect(arrivals('a', [])).toEqual([undefined, undefined, undefined]);
  expect(arrivals('b', [1050])).toEqual([1050]);
});

test('no ring is lost or made up, whatever the states do', () => {
  const states = fc.constantFrom<AlarmState>('OK', 'ALARM', 'INSUFFICIENT_DATA');
  const history = fc.array(fc.record({ heading: fc.constantFrom('a', 'b'), state: states }));
  fc.assert(
    fc.property(history, (steps) => {
      const transitions = steps.map(({ heading, state }, at) => transition(heading, at, state));
      const rings = ringsOf(transitions);
      const ringingAt = (heading: string, at: number) =>
        rings.some(
          (one) => one.heading === heading && one.from <= at && (one.until === undefined || at < one.until),
        );
      for (const { heading, at, state } of transitions) {
        expect(ringingAt(heading, at)).toBe(state === 'ALARM');
      }
    }),
  );
});
