/**
 * Values of a pipeline definition that are known only when the pipeline runs, and what they refer to. A reference is
 * made from the object that it refers to, so nothing can dangle.
 */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** What an argument may be: plain JSON, or JSON with expressions in it. */
export type Value =
  | string
  | number
  | boolean
  | Expression
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Anything that an expression can refer to. */
export type Referent = Parameter | Step;

/** A value that is known only when the pipeline runs. */
export class Expression {
  constructor(
    readonly json: Json,
    readonly referents: readonly Referent[],
  ) {}
}

export type ParameterType = 'String' | 'Integer' | 'Float' | 'Boolean';

export interface ParameterRule {
  /** The values that an execution may give; String only. The service refuses others when an execution starts. */
  readonly enumValues?: readonly string[];
  /** Bounds of the default. The service knows none: a step that is given another value has to refuse it. */
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A parameter of the pipeline; used as a value it refers to itself. */
export class Parameter extends Expression {
  constructor(
    readonly name: string,
    readonly type: ParameterType,
    readonly defaultValue?: string | number | boolean,
    readonly rule: ParameterRule = {},
  ) {
    super({ Get: `Parameters.${name}` }, []);
  }

  /** What is wrong with it, as rule and value. CDK tokens are strings and pass. */
  get problems(): string[] {
    const { defaultValue: value, rule } = this;
    const problems: string[] = [];
    if (rule.enumValues && this.type !== 'String') {
      problems.push(`only a String may have enumValues, not one of type ${this.type}`);
    }
    if (value === undefined) return problems;
    if (!isOfType(value, this.type))
      return [...problems, `the default must be of type ${this.type}, got '${value}'`];
    if (rule.enumValues && !rule.enumValues.some((allowed) => allowed === value)) {
      problems.push(`the default must be one of ${rule.enumValues.join(', ')}, got '${value}'`);
    }
    if (rule.minimum !== undefined && Number(value) < rule.minimum) {
      problems.push(`the default must be at least ${rule.minimum}, got '${value}'`);
    }
    if (rule.maximum !== undefined && Number(value) > rule.maximum) {
      problems.push(`the default must be at most ${rule.maximum}, got '${value}'`);
    }
    return problems;
  }

  get definition(): { [key: string]: Json } {
    return {
      Name: this.name,
      Type: this.type,
      ...(this.defaultValue !== undefined && { DefaultValue: this.defaultValue }),
      ...(this.rule.enumValues && { EnumValues: [...this.rule.enumValues] }),
    };
  }
}

function isOfType(value: string | number | boolean, type: ParameterType): boolean {
  switch (type) {
    case 'String':
      return typeof value === 'string';
    case 'Boolean':
      return typeof value === 'boolean';
    case 'Integer':
      return Number.isSafeInteger(value);
    case 'Float':
      return typeof value === 'number' && Number.isFinite(value);
  }
}

/** A variable of the execution, such as `PipelineExecutionId`. */
export function executionVariable(
  name: 'PipelineExecutionId' | 'PipelineExecutionArn' | 'PipelineName' | 'PipelineArn' | 'StartDateTime',
): Expression {
  return new Expression({ Get: `Execution.${name}` }, []);
}

/** Replaces expressions by what they are in the definition, and collects what they refer to. */
export function render(value: Value, referents: Set<Referent>): Json {
  if (value instanceof Expression) {
    if (value instanceof Parameter) referents.add(value);
    for (const referent of value.referents) referents.add(referent);
    return value.json;
  }
  if (Array.isArray(value)) return value.map((item: Value) => render(item, referents));
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, render(item, referents)]));
  }
  return value as Json;
}

/** The texts of `values`, with `separator` between them. */
export function join(separator: string, ...values: readonly (string | number | Expression)[]): Expression {
  const referents = new Set<Referent>();
  const rendered = values.map((value) => render(value, referents));
  return new Expression({ 'Std:Join': { On: separator, Values: rendered } }, [...referents]);
}

/** The text of a value, where the service takes only text: hyperparameters, metadata. */
export const textOf = (value: Expression): Expression => join('', value);

export interface StepOptions {
  readonly description?: string;
  readonly displayName?: string;
}

/** One step. Its name is unique in the pipeline. */
export abstract class Step {
  constructor(
    readonly name: string,
    readonly type: string,
    protected readonly options: StepOptions,
  ) {}

  /** Definition of the step; what it refers to is added to `referents`. */
  abstract render(referents: Set<Referent>): { [key: string]: Json };

  protected common(): { [key: string]: Json } {
    const { description, displayName } = this.options;
    return {
      Name: this.name,
      Type: this.type,
      ...(displayName !== undefined && { DisplayName: displayName }),
      ...(description !== undefined && { Description: description }),
    };
  }
}
