import { Template } from 'aws-cdk-lib/assertions';
import { type EnvironmentName, synthesizedApp } from './synthesized-app';

/** A state in the Amazon States Language, as far as the rollout uses it. */
export interface State {
  readonly Type: 'Task' | 'Wait' | 'Choice' | 'Pass' | 'Succeed' | 'Fail';
  readonly Next?: string;
  readonly End?: boolean;
  readonly Default?: string;
  readonly Choices?: readonly {
    readonly Variable: string;
    readonly StringEquals?: string;
    readonly BooleanEquals?: boolean;
    readonly Next: string;
  }[];
  readonly Catch?: readonly {
    readonly ErrorEquals: readonly string[];
    readonly Next: string;
    readonly ResultPath?: string;
  }[];
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[];
  readonly Resource?: string;
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly TimeoutSeconds?: number;
  readonly Seconds?: number;
  readonly SecondsPath?: string;
  readonly Error?: string;
  readonly CausePath?: string;
}

export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** The definition of the rollout; a function's ARN is its logical id. */
export function definitionOf(environment: EnvironmentName): Definition {
  const template = Template.fromStack(synthesizedApp(environment).stacks.fleet);
  const [machine] = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
  const parts: (string | { readonly 'Fn::GetAtt'?: readonly string[] })[] =
    machine?.Properties.DefinitionString['Fn::Join'][1];
  return JSON.parse(
    parts.map((part) => (typeof part === 'string' ? part : (part['Fn::GetAtt']?.[0] ?? 'token'))).join(''),
  );
}

type Json = Record<string, unknown>;

function resolve(path: string, data: unknown, context: Json): unknown {
  const [root, steps] = path.startsWith('$$') ? [context, path.slice(2)] : [data, path.slice(1)];
  return steps
    .split('.')
    .filter(Boolean)
    .reduce<unknown>((value, name) => (value as Json | undefined)?.[name], root);
}

function effectiveInput({ Parameters }: State, data: Json, context: Json): unknown {
  if (!Parameters) return data;
  return Object.fromEntries(
    Object.entries(Parameters).map(([name, value]) =>
      name.endsWith('.$') ? [name.slice(0, -2), resolve(String(value), data, context)] : [name, value],
    ),
  );
}

export interface Walk {
  readonly visited: readonly string[];
  /** Length of the history, as Step Functions counts it. */
  readonly events: number;
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly cause?: string;
  readonly output: Json;
}

export interface WalkOptions {
  readonly definition: Definition;
  readonly input: Json;
  readonly executionArn: string;
  /** @param resource logical id of the function */
  invoke(resource: string, input: unknown): Promise<unknown>;
  wait(seconds: number): void;
}

/** Thrown out of `invoke`, it ends the execution as StopExecution does: nothing is caught. */
export class StoppedExecution extends Error {}

/** Entered, exited, and of a task scheduled, started and succeeded or failed. */
const EVENTS: Readonly<Partial<Record<State['Type'], number>>> = { Task: 5, Succeed: 2, Fail: 1 };
/** An execution begins and ends. */
const EVENTS_OF_EXECUTION = 2;

/** More steps than any test needs: a loop that does not end. */
const MOST_STEPS = 500;

/** Runs a definition as Step Functions would, without retries: everything passes through JSON between states. */
export async function walk(options: WalkOptions): Promise<Walk> {
  const { definition, executionArn } = options;
  const context: Json = { Execution: { Id: executionArn } };
  const visited: string[] = [];
  const events = () =>
    visited.reduce(
      (total, state) => total + (EVENTS[definition.States[state]?.Type ?? 'Task'] ?? 2),
      EVENTS_OF_EXECUTION,
    );
  let data = options.input;
  let name = definition.StartAt;
  while (visited.length < MOST_STEPS) {
    const state = definition.States[name];
    if (!state) throw new Error(`there is no state '${name}'`);
    visited.push(name);
    if (state.Type === 'Succeed') return { visited, events: events(), status: 'SUCCEEDED', output: data };
    if (state.Type === 'Fail') {
      const cause = state.CausePath && resolve(state.CausePath, data, context);
      return {
        visited,
        events: events(),
        status: 'FAILED',
        ...(cause !== undefined && { cause: String(cause) }),
        output: data,
      };
    }
    if (state.Type === 'Pass') data = effectiveInput(state, data, context) as Json;
    if (state.Type === 'Wait') {
      options.wait(Number(state.Seconds ?? resolve(state.SecondsPath ?? '', data, context)));
    }
    let next = state.Next;
    if (state.Type === 'Choice') {
      const chosen = state.Choices?.find(({ Variable, StringEquals, BooleanEquals }) => {
        const value = resolve(Variable, data, context);
        if (value === undefined) throw new Error(`${name}: there is nothing at ${Variable}`);
        return value === (StringEquals ?? BooleanEquals);
      });
      next = chosen?.Next ?? state.Default;
    }
    if (state.Type === 'Task') {
      try {
        const answer = await options.invoke(state.Resource ?? '', effectiveInput(state, data, context));
        data = JSON.parse(JSON.stringify(answer));
      } catch (error) {
        if (error instanceof StoppedExecution) throw error;
        const catcher = state.Catch?.find(({ ErrorEquals }) => ErrorEquals.includes('States.ALL'));
        if (!catcher?.ResultPath) throw error;
        const Cause = JSON.stringify({ errorMessage: (error as Error).message });
        data = { ...data, [catcher.ResultPath.slice(2)]: { Error: 'Runtime.HandlerError', Cause } };
        next = catcher.Next;
      }
    }
    if (!next) throw new Error(`'${name}' has no next state`);
    name = next;
  }
  throw new Error(`the machine did not end: ${visited.slice(-10).join(' > ')}`);
}
