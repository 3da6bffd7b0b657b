import fc from 'fast-check';
import type { PipelineDefinition, StepDefinition } from '../../sagemaker/pipeline/model';
import { cyclesIn, flatten, readySteps, type StepState, unreachable } from '../../sagemaker/pipeline/plan';

const step = (Name: string, changes: Partial<StepDefinition> = {}): StepDefinition => ({
  Name,
  Type: 'Processing',
  Arguments: {},
  ...changes,
});
const uses = (...names: string[]) => ({ inputs: names.map((name) => ({ Get: `Steps.${name}.X` })) });
const definition = (...Steps: StepDefinition[]): PipelineDefinition => ({
  Version: '2020-12-01',
  Parameters: [],
  Steps,
});
const condition = (Name: string, IfSteps: StepDefinition[], ElseSteps: StepDefinition[], on: string) =>
  step(Name, {
    Type: 'Condition',
    Arguments: {
      Conditions: [{ Type: 'Equals', LeftValue: { Get: `Steps.${on}.X` }, RightValue: 1 }],
      IfSteps: IfSteps as never,
      ElseSteps: ElseSteps as never,
    },
  });

const gate = flatten(
  definition(
    step('After', { DependsOn: ['Good'] }),
    condition('Gate', [step('Good', { Arguments: uses('First') })], [step('Bad')], 'Second'),
    step('Second', { Arguments: uses('First') }),
    step('First'),
  ),
);
const succeeded = (...names: string[]): [string, StepState][] =>
  names.map((name) => [name, { status: 'Succeeded' }]);
const names = (states: [string, StepState][]) => readySteps(gate, new Map(states)).map(({ Name }) => Name);

test.each<[string, [string, StepState][], string[]]>([
  ['at the start only what needs nothing', [], ['First']],
  ['nothing while it runs', [['First', { status: 'Executing' }]], []],
  ['then what refers to it', succeeded('First'), ['Second']],
  ['a condition waits for what it compares', succeeded('First', 'Second'), ['Gate']],
  [
    'the branch that was taken',
    [...succeeded('First', 'Second'), ['Gate', { status: 'Succeeded', outcome: true }]],
    ['Good'],
  ],
  [
    'the other branch',
    [...succeeded('First', 'Second'), ['Gate', { status: 'Succeeded', outcome: false }]],
    ['Bad'],
  ],
  ['nothing after a failure of what it needs', [['First', { status: 'Failed' }]], []],
])('runs %s', (_name, states, expected) => {
  expect(names(states)).toEqual(expected);
});

test('a step that waits for a branch not taken is never run', () => {
  const states = new Map<string, StepState>([
    ...succeeded('First', 'Second'),
    ['Gate', { status: 'Succeeded', outcome: false }],
  ]);
  expect([...unreachable(gate, states)].sort()).toEqual(['After', 'Good']);
});

test('steps that wait for each other are found', () => {
  const plan = flatten(
    definition(
      step('A', { DependsOn: ['C'] }),
      step('B', { Arguments: uses('A') }),
      step('C', { DependsOn: ['B'] }),
    ),
  );
  expect(cyclesIn(plan)).toEqual([['A', 'C', 'B', 'A']]);
  expect(cyclesIn(gate)).toEqual([]);
});

test('every graph without cycles runs to its end, each step once and after what it needs', () => {
  const graphs = fc
    .integer({ min: 1, max: 12 })
    .chain((size) =>
      fc.tuple(
        ...Array.from({ length: size }, (_, index) =>
          fc.subarray(Array.from({ length: index }, (_unused, earlier) => `S${earlier}`)),
        ),
      ),
    );
  fc.assert(
    fc.property(graphs, fc.integer({ min: 0, max: 1000 }), (dependencies, seed) => {
      const steps = dependencies.map((needs, index) => step(`S${index}`, { DependsOn: needs }));
      const plan = flatten(definition(...steps));
      const states = new Map<string, StepState>();
      for (let turn = 0; states.size < steps.length; turn++) {
        const ready = readySteps(plan, states);
        const next = ready[(seed + turn) % ready.length];
        expect(next).toBeDefined();
        for (const need of next?.DependsOn ?? []) expect(states.get(need)?.status).toBe('Succeeded');
        states.set(next?.Name ?? '', { status: 'Succeeded' });
      }
      expect(readySteps(plan, states)).toEqual([]);
    }),
  );
});
