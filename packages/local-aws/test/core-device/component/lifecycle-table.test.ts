import fc from 'fast-check';
import {
  afterError,
  ERROR_RESET_MILLISECONDS,
  type LifecycleEvent,
  TRANSITIONS,
  transition,
  withError,
  withoutErrors,
} from '../../../core-device/component/lifecycle-table';
import type { ComponentState } from '../../../greengrass/deployment-document';

const STATES = Object.keys(TRANSITIONS) as ComponentState[];

test.each<[string, ComponentState, LifecycleEvent[], ComponentState]>([
  ['a component with a run script', 'NEW', ['installed', 'dependenciesReady', 'started'], 'RUNNING'],
  ['one without scripts', 'NEW', ['installed', 'dependenciesReady', 'nothingToRun'], 'FINISHED'],
  ['a stop', 'RUNNING', ['stopRequested', 'stopped'], 'FINISHED'],
  ['a restart', 'RUNNING', ['stopRequested', 'stoppedForRestart', 'dependenciesReady', 'started'], 'RUNNING'],
  ['a new version', 'RUNNING', ['stopRequested', 'stoppedForReinstall', 'installed'], 'INSTALLED'],
  ['a dependency that goes away', 'STARTING', ['dependencyLost', 'stoppedForRestart'], 'INSTALLED'],
  ['a deployment for a broken component', 'BROKEN', ['reinstallRequested', 'installed'], 'INSTALLED'],
  ['a failed installation', 'NEW', ['failed'], 'ERRORED'],
])('%s: from %s by %j to %s', (_case, from, events, to) => {
  expect(events.reduce(transition, from)).toBe(to);
});

test('what cannot happen is refused', () => {
  expect(() => transition('FINISHED', 'failed')).toThrow("'failed' is impossible");
  expect(() => transition('BROKEN', 'startRequested')).toThrow('BROKEN');
});

test('from every state a component can be stopped for good or is stopped already', () => {
  const ways: Partial<Record<ComponentState, readonly LifecycleEvent[]>> = {
    NEW: ['stopRequested'],
    INSTALLED: ['stopRequested'],
    STARTING: ['stopRequested', 'stopped'],
    RUNNING: ['stopRequested', 'stopped'],
    STOPPING: ['stopped'],
  };
  for (const state of STATES) {
    const end = (ways[state] ?? []).reduce(transition, state);
    expect(['FINISHED', 'BROKEN', 'ERRORED']).toContain(end);
  }
});

test('errors lead back to where the work begins again', () => {
  expect(afterError('NEW')).toBe('NEW');
  expect(afterError('STARTING')).toBe('STOPPING');
  expect(afterError('RUNNING')).toBe('STOPPING');
  expect(afterError('STOPPING')).toBe('FINISHED');
});

test('exactly the third error in a row from one state breaks a component', () => {
  const gap = fc.nat({ max: ERROR_RESET_MILLISECONDS * 2 });
  fc.assert(
    fc.property(
      fc.constantFrom<ComponentState>('NEW', 'STARTING', 'RUNNING'),
      fc.array(gap, { maxLength: 8 }),
      (state, gaps) => {
        let now = 0;
        let inRow = 0;
        let history = {};
        for (const pause of gaps) {
          now += pause;
          inRow = inRow > 0 && pause >= ERROR_RESET_MILLISECONDS ? 1 : inRow + 1;
          const result = withError(history, state, now);
          expect(result.next).toBe(inRow >= 3 ? 'BROKEN' : 'ERRORED');
          history = result.history;
        }
      },
    ),
  );
});

test('success forgets the errors of its state and of no other', () => {
  const { history } = withError(withError({}, 'STARTING', 1).history, 'RUNNING', 2);
  expect(withoutErrors(history, 'STARTING')).toEqual({ RUNNING: [2] });
});

test('errors while stopping are not counted', () => {
  expect(withError({}, 'STOPPING', 1)).toEqual({ history: {}, next: 'ERRORED' });
});
