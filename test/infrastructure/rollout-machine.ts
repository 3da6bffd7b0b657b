import { Template } from 'aws-cdk-lib/assertions';
import { type EnvironmentName, synthesizedApp } from './synthesized-app';

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly MaxAttempts?: number;
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: 'FULL' | 'NONE';
}

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
  readonly Retry?: readonly Retrier[];
  readonly Resource?: string;
  readonly Result?: unknown;
  readonly ResultPath?: string;
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly TimeoutSeconds?: number;
  readonly Seconds?: number;
  readonly SecondsPath?: string;
  readonly Error?: string;
  readonly ErrorPath?: string;
  readonly Cause?: string;
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
  readonly error?: string;
  readonly cause?: string;
  readonly output: Json;
}

export interface WalkOptions {
  readonly definition: Definition;
  readonly input: Json;
  readonly executionArn: string;
  /** @param resource logical id of the function */
  invoke(resource: string, input: unknown): Promise<unknown>;
  wait(seconds: number): void | Promise<void>;
  /** In [0, 1), for the jitter of retries. @default Math.random */
  readonly random?: () => number;
}

/** Thrown out of `invoke`, it ends the execution as StopExecution does: nothing is caught. */
export class StoppedExecution extends Error {}

/** Entered, exited, and of a task scheduled, started and succeeded or failed. */
const EVENTS: Readonly<Partial<Record<State['Type'], number>>> = { Task: 5, Succeed: 2, Fail: 1 };
/** An execution begins and ends. */
const EVENTS_OF_EXECUTION = 2;

/** An attempt of a task that failed: scheduled, started, failed. */
const EVENTS_OF_RETRY = 3;

/** More steps than any test needs: a loop that does not end. */
const MOST_STEPS = 2_000;

function matches(names: readonly string[], error: string): boolean {
  return (
    names.includes(error) ||
    names.includes('States.ALL') ||
    (names.includes('States.TaskFailed') && error !== 'States.Timeout')
  );
}

/**
 * Seconds until the next attempt, `undefined` when there is none. The first retrier that knows the error decides
 * (docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
 * @param used attempts by retrier
 */
export function retryDelay(
  retriers: readonly Retrier[],
  error: string,
  used: Map<Retrier, number>,
  random: () => number,
): number | undefined {
  const retrier = retriers.find(({ ErrorEquals }) => matches(ErrorEquals, error));
  if (!retrier) return undefined;
  const { MaxAttempts = 3, IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds, JitterStrategy } = retrier;
  const attempts = used.get(retrier) ?? 0;
  if (attempts >= MaxAttempts) return undefined;
  used.set(retrier, attempts + 1);
  const delay = Math.min(
    IntervalSeconds * BackoffRate ** attempts,
    MaxDelaySeconds ?? Number.POSITIVE_INFINITY,
  );
  return JitterStrategy === 'FULL' ? random() * delay : delay;
}

/** Runs a task until it answers, or no retrier has an attempt left. @throws what the last attempt threw */
async function attempted(state: State, input: unknown, options: WalkOptions, onRetry: () => void) {
  const used = new Map<Retrier, number>();
  for (;;) {
    try {
      return await options.invoke(state.Resource ?? '', input);
    } catch (error) {
      if (error instanceof StoppedExecution) throw error;
      const { name } = error as Error;
      const seconds = retryDelay(state.Retry ?? [], name, used, options.random ?? Math.random);
      if (seconds === undefined) throw error;
      onRetry();
      await options.wait(seconds);
    }
  }
}

/** Runs a definition as Step Functions would: everything passes through JSON between states. */
export async function walk(options: WalkOptions): Promise<Walk> {
  const { definition, executionArn } = options;
  const context: Json = { Execution: { Id: executionArn } };
  const visited: string[] = [];
  let retries = 0;
  const events = () =>
    visited.reduce(
      (total, state) => total + (EVENTS[definition.States[state]?.Type ?? 'Task'] ?? 2),
      EVENTS_OF_EXECUTION + retries * EVENTS_OF_RETRY,
    );
  let data = options.input;
  let stateName = definition.StartAt;
  while (visited.length < MOST_STEPS) {
    const state = definition.States[stateName];
    if (!state) throw new Error(`there is no state '${stateName}'`);
    visited.push(stateName);
    if (state.Type === 'Succeed') return { visited, events: events(), status: 'SUCCEEDED', output: data };
    if (state.Type === 'Fail') {
      const cause = state.CausePath ? resolve(state.CausePath, data, context) : state.Cause;
      const error = state.ErrorPath ? resolve(state.ErrorPath, data, context) : state.Error;
      return {
        visited,
        events: events(),
        status: 'FAILED',
        ...(error !== undefined && { error: String(error) }),
        ...(cause !== undefined && { cause: String(cause) }),
        output: data,
      };
    }
    if (state.Type === 'Pass') {
      data =
        state.Result === undefined
          ? (effectiveInput(state, data, context) as Json)
          : { ...data, [(state.ResultPath ?? '$.').slice(2)]: state.Result };
    }
    if (state.Type === 'Wait') {
      await options.wait(Number(state.Seconds ?? resolve(state.SecondsPath ?? '', data, context)));
    }
    let next = state.Next;
    if (state.Type === 'Choice') {
      const chosen = state.Choices?.find(({ Variable, StringEquals, BooleanEquals }) => {
        const value = resolve(Variable, data, context);
        if (value === undefined) throw new Error(`${stateName}: there is nothing at ${Variable}`);
        return value === (StringEquals ?? BooleanEquals);
      });
      next = chosen?.Next ?? state.Default;
    }
    if (state.Type === 'Task') {
      try {
        const input = effectiveInput(state, data, context);
        const answer = await attempted(state, input, options, () => {
          retries += 1;
        });
        data = JSON.parse(JSON.stringify(answer));
      } catch (error) {
        if (error instanceof StoppedExecution) throw error;
        const { name, message: errorMessage } = error as Error;
        const catcher = state.Catch?.find(({ ErrorEquals }) => matches(ErrorEquals, name));
        if (!catcher?.ResultPath) throw error;
        const caught = { Error: name, Cause: JSON.stringify({ errorMessage }) };
        data = { ...data, [catcher.ResultPath.slice(2)]: caught };
        next = catcher.Next;
      }
    }
    if (!next) throw new Error(`'${stateName}' has no next state`);
    stateName = next;
  }
  throw new Error(`the machine did not end: ${visited.slice(-10).join(' > ')}`);
}
