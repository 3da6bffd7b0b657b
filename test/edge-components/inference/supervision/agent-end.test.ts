import {
  type AfterEnd,
  type AgentEnd,
  afterAgentEnd,
  NEEDS_ANOTHER_START,
} from '../../../../edge-components/inference/src/supervision/agent-end';

const end = (changes: Partial<AgentEnd>): AgentEnd => ({
  isTold: false,
  hasRun: true,
  code: null,
  endsInARow: 1,
  ...changes,
});
const restart = (afterMilliseconds: number): AfterEnd => ({ act: 'restart', afterMilliseconds });
const exit = (code: number): AfterEnd => ({ act: 'exit', code });

test.each<[string, Partial<AgentEnd>, AfterEnd]>([
  ['told to stop', { isTold: true, code: 0 }, exit(0)],
  ['told to stop, and had to be killed', { isTold: true }, exit(0)],
  ['told to stop before it ran', { isTold: true, hasRun: false, code: 0 }, exit(0)],
  ['forgotten by the nucleus', { code: NEEDS_ANOTHER_START }, exit(1)],
  ['cannot start', { hasRun: false, code: 1 }, exit(1)],
  ['killed before it ran', { hasRun: false }, restart(0)],
  ['killed before it ran, again', { hasRun: false, endsInARow: 2 }, restart(100)],
  ['killed before it ran, each time', { hasRun: false, endsInARow: 3 }, exit(1)],
  ['killed', {}, restart(0)],
  ['killed in a row', { endsInARow: 3 }, restart(200)],
  ['killed for hours', { endsInARow: 500 }, restart(500)],
  ['failed after it had run', { code: 1 }, restart(0)],
  // The nucleus tells every process of the component, and this one may be the last to hear.
  ['ended well, and nobody has told this process why', { code: 0 }, restart(250)],
])('[S7] an agent that %s', (_, changes, expected) => {
  expect(afterAgentEnd(end(changes), () => 1)).toEqual(expected);
});
