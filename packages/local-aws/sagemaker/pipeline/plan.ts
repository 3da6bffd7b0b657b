/** What may run next. Pure: a plan from the definition, and the state of the steps so far. */
import { type JsonObject, listOf } from '../json';
import { referencedSteps } from './expressions';
import type { PipelineDefinition, StepDefinition } from './model';

export interface PlannedStep {
  readonly step: StepDefinition;
  /** Named in DependsOn, referred to in the arguments, or the condition whose branch the step is in. */
  readonly dependsOn: readonly string[];
  /** The step runs only if this condition's outcome is `outcome`. */
  readonly branch?: { readonly condition: string; readonly outcome: boolean } | undefined;
}

export type StepStatus = 'Starting' | 'Executing' | 'Stopping' | 'Stopped' | 'Failed' | 'Succeeded';

export interface StepState {
  readonly status: StepStatus;
  /** Of a Condition step that has succeeded. */
  readonly outcome?: boolean;
}

/** Arguments of the step itself: what the steps in a condition's branches need is their own affair. */
export function ownArguments(step: StepDefinition): JsonObject {
  if (step.Type !== 'Condition') return step.Arguments;
  return { Conditions: step.Arguments.Conditions };
}

/** Every step, also those in the branches of conditions, with everything that it waits for. */
export function flatten(definition: PipelineDefinition): PlannedStep[] {
  const planned: PlannedStep[] = [];
  const add = (steps: readonly StepDefinition[], branch?: PlannedStep['branch']): void => {
    for (const step of steps) {
      const dependsOn = new Set([...(step.DependsOn ?? []), ...referencedSteps(ownArguments(step))]);
      if (branch) dependsOn.add(branch.condition);
      planned.push({ step, dependsOn: [...dependsOn], branch });
      if (step.Type !== 'Condition') continue;
      for (const outcome of [true, false]) {
        const inner = listOf(step.Arguments[outcome ? 'IfSteps' : 'ElseSteps']);
        add(inner as unknown as StepDefinition[], { condition: step.Name, outcome });
      }
    }
  };
  add(definition.Steps);
  return planned;
}

/** Groups of steps that wait for each other, each as a path that returns to its start. */
export function cyclesIn(plan: readonly PlannedStep[]): string[][] {
  const dependencies = new Map(plan.map(({ step, dependsOn }) => [step.Name, dependsOn]));
  const finished = new Set<string>();
  const cycles: string[][] = [];
  const visit = (name: string, path: readonly string[]): void => {
    if (finished.has(name)) return;
    const start = path.indexOf(name);
    if (start >= 0) {
      cycles.push([...path.slice(start), name]);
      return;
    }
    for (const dependency of dependencies.get(name) ?? []) visit(dependency, [...path, name]);
    finished.add(name);
  };
  for (const name of dependencies.keys()) visit(name, []);
  return cycles;
}

/** Steps that this execution will never run: in a branch not taken, or waiting for such a step. */
export function unreachable(
  plan: readonly PlannedStep[],
  states: ReadonlyMap<string, StepState>,
): ReadonlySet<string> {
  const lost = new Set<string>();
  for (let before = -1; before < lost.size; ) {
    before = lost.size;
    for (const { step, dependsOn, branch } of plan) {
      const condition = branch && states.get(branch.condition);
      const notTaken = condition?.status === 'Succeeded' && condition.outcome !== branch?.outcome;
      if (notTaken || dependsOn.some((name) => lost.has(name))) lost.add(step.Name);
    }
  }
  return lost;
}

/** Steps whose dependencies have all succeeded and that have not started, in the order of the definition. */
export function readySteps(
  plan: readonly PlannedStep[],
  states: ReadonlyMap<string, StepState>,
): StepDefinition[] {
  const lost = unreachable(plan, states);
  return plan
    .filter(({ step }) => !states.has(step.Name) && !lost.has(step.Name))
    .filter(({ dependsOn }) => dependsOn.every((name) => states.get(name)?.status === 'Succeeded'))
    .map(({ step }) => step);
}
