import fc from 'fast-check';
import {
  counterIn,
  judgeEnd,
  type MemoryKills,
  type ProcessEnd,
  unifiedGroupOf,
} from '../../../../edge-components/inference/src/models/process-end';

const kills = (group?: number, machine?: number): MemoryKills => ({ group, machine });
const end = (changes: Partial<ProcessEnd>): ProcessEnd => ({
  code: null,
  signal: null,
  wasBusy: true,
  memoryKillsBefore: kills(0, 4),
  memoryKillsAfter: kills(0, 4),
  ...changes,
});

test.each<[string, Partial<ProcessEnd>, boolean, string]>([
  ['a fault under work', { signal: 'SIGSEGV' }, true, 'ended with SIGSEGV'],
  ['an abort under work', { signal: 'SIGABRT' }, true, 'ended with SIGABRT'],
  ['an exit under work', { code: 7 }, true, 'ended with 7'],
  [
    'a fault without work',
    { signal: 'SIGSEGV', wasBusy: false },
    false,
    'ended with SIGSEGV while it waited',
  ],
  ['an exit without work', { code: 1, wasBusy: false }, false, 'ended with 1 while it waited'],
  ['a kill', { signal: 'SIGKILL' }, false, 'ended with SIGKILL: from outside'],
  ['a request to end', { signal: 'SIGTERM' }, false, 'ended with SIGTERM: from outside'],
  [
    'a kill while its group ran out of memory',
    { signal: 'SIGKILL', memoryKillsAfter: kills(1, 5) },
    false,
    'ended with SIGKILL: by the kernel, because memory ran out',
  ],
  [
    'a kill while the machine ran out of memory',
    { signal: 'SIGKILL', memoryKillsAfter: kills(0, 5) },
    false,
    'ended with SIGKILL: from outside, probably because memory ran out',
  ],
  [
    'a kill where nothing can be read',
    { signal: 'SIGKILL', memoryKillsBefore: kills(), memoryKillsAfter: kills() },
    false,
    'ended with SIGKILL: from outside',
  ],
  [
    'a kill of ours',
    { signal: 'SIGKILL', killed: { reason: 'gave no answer', isOwnDoing: true } },
    true,
    'gave no answer',
  ],
])('[S7] %s', (_, changes, isOwnDoing, reason) => {
  expect(judgeEnd(end(changes))).toEqual({ isOwnDoing, reason });
});

test('[S7] no signal that others send is ever blamed on a release, whatever the counters say', () => {
  const counter = fc.option(fc.nat(9), { nil: undefined });
  const counters = fc.record({ group: counter, machine: counter });
  fc.assert(
    fc.property(
      fc.constantFrom('SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGPIPE', 'SIGXCPU'),
      fc.boolean(),
      counters,
      counters,
      (signal, wasBusy, memoryKillsBefore, memoryKillsAfter) =>
        !judgeEnd(end({ signal, wasBusy, memoryKillsBefore, memoryKillsAfter })).isOwnDoing,
    ),
  );
});

test('counters and groups are read as the kernel writes them', () => {
  const events = 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n';
  expect(counterIn(events, 'oom_kill')).toBe(2);
  expect(counterIn('', 'oom_kill')).toBeUndefined();
  expect(unifiedGroupOf('12:memory:/a\n0::/system.slice/ggl.service\n')).toBe('/system.slice/ggl.service');
  expect(unifiedGroupOf('12:memory:/a\n')).toBeUndefined();
});
