/**
 * SageMaker pipeline definitions (schema version 2020-12-01) as typed objects. A definition is collected by following
 * the references of its last steps: nothing has to be declared twice.
 */
import { type Json, Parameter, type Referent, type Step } from './expression';
import { ConditionStep } from './steps';

export interface RenderedPipeline {
  readonly Version: '2020-12-01';
  readonly Metadata: { [key: string]: Json };
  readonly Parameters: Json[];
  readonly Steps: { [key: string]: Json }[];
}

const NAME = /^[A-Za-z0-9\-_]{1,64}$/;

/**
 * The definition that holds `lastSteps` and everything that they refer to, directly or not.
 * @param parameters in the order in which they are shown; others that steps refer to follow
 * @throws Error with every problem: a name that is not one, or is used twice; a default that breaks its own rule
 */
export function definePipeline(
  lastSteps: readonly Step[],
  parameters: readonly Parameter[] = [],
): RenderedPipeline {
  const rendered = new Map<Step, { [key: string]: Json }>();
  const inBranches = new Set<Step>();
  const used = new Set<Parameter>(parameters);
  const order: Step[] = [];
  const visit = (step: Step): void => {
    if (rendered.has(step)) return;
    const referents = new Set<Referent>();
    rendered.set(step, step.render(referents));
    if (step instanceof ConditionStep) for (const inner of branchSteps(step)) inBranches.add(inner);
    for (const referent of referents) {
      if (referent instanceof Parameter) used.add(referent);
      else visit(referent);
    }
    // After everything it waits for: the definition reads in the order of execution.
    order.push(step);
  };
  for (const step of lastSteps) visit(step);
  const steps = order.filter((step) => !inBranches.has(step));
  checkNames([...new Set([...order, ...inBranches])], [...used]);
  return {
    Version: '2020-12-01',
    Metadata: {},
    Parameters: [...used].map(({ definition }) => definition),
    Steps: steps.map((step) => rendered.get(step) ?? {}),
  };
}

function branchSteps(step: ConditionStep): Step[] {
  return step.branches.flatMap((inner) =>
    inner instanceof ConditionStep ? [inner, ...branchSteps(inner)] : [inner],
  );
}

function checkNames(steps: readonly Step[], parameters: readonly Parameter[]): void {
  const problems: string[] = [];
  for (const [what, items] of [
    ['step', steps],
    ['parameter', parameters],
  ] as const) {
    const names = items.map(({ name }) => name);
    for (const name of new Set(names)) {
      if (!NAME.test(name)) problems.push(`${what} '${name}': the name must match ${NAME.source}`);
      if (names.filter((other) => other === name).length > 1) {
        problems.push(`${what} '${name}': two have this name`);
      }
    }
  }
  for (const parameter of parameters) {
    problems.push(...parameter.problems.map((problem) => `parameter '${parameter.name}': ${problem}`));
  }
  if (problems.length > 0) throw new Error(`the pipeline cannot be defined: ${problems.join('; ')}`);
}
