/** A pipeline definition, schema version 2020-12-01, checked as CreatePipeline checks it. */
import { refuse } from '../errors';
import { isObject, type Json, type JsonObject, listOf, textOf } from '../json';
import { referencedSteps, unknownReferences } from './expressions';
import { PARAMETER_TYPES, type PipelineDefinition, STEP_TYPES } from './model';
import { cyclesIn, flatten, ownArguments } from './plan';

const STEP_NAME = /^[A-Za-z0-9\-_]{1,64}$/;
const PARAMETER_NAME = /^[A-Za-z0-9\-_]+$/;

function parameterProblems(parameters: Json[]): string[] {
  const names = new Set<string>();
  return parameters.flatMap((parameter, index) => {
    if (!isObject(parameter)) return [`Parameters[${index}]: must be an object`];
    const problems: string[] = [];
    const name = textOf(parameter.Name) ?? '';
    if (!PARAMETER_NAME.test(name)) problems.push(`Parameters[${index}].Name: must be a name, got '${name}'`);
    if (names.has(name)) problems.push(`Parameters[${index}].Name: '${name}' is declared twice`);
    names.add(name);
    if (!PARAMETER_TYPES.some((type) => type === parameter.Type)) {
      problems.push(
        `Parameters.${name}.Type: must be one of ${PARAMETER_TYPES.join(', ')}, got '${parameter.Type}'`,
      );
    }
    return [...problems, ...defaultProblems(name, parameter)];
  });
}

const OF_TYPE: Readonly<Record<string, (value: Json) => boolean>> = {
  String: (value) => typeof value === 'string',
  Integer: Number.isSafeInteger,
  Float: (value) => typeof value === 'number',
  Boolean: (value) => typeof value === 'boolean',
};

function defaultProblems(name: string, { Type, DefaultValue, EnumValues }: JsonObject): string[] {
  const problems: string[] = [];
  const isAllowed = OF_TYPE[String(Type)] ?? (() => true);
  if (DefaultValue !== undefined && !isAllowed(DefaultValue)) {
    problems.push(
      `Parameters.${name}.DefaultValue: must be of type ${Type}, got ${JSON.stringify(DefaultValue)}`,
    );
  }
  if (EnumValues === undefined) return problems;
  if (!listOf(EnumValues).length || !listOf(EnumValues).every(isAllowed)) {
    problems.push(
      `Parameters.${name}.EnumValues: must be a list of values of type ${Type}, got ${JSON.stringify(EnumValues)}`,
    );
  } else if (DefaultValue !== undefined && !listOf(EnumValues).includes(DefaultValue)) {
    problems.push(
      `Parameters.${name}.DefaultValue: must be one of ${listOf(EnumValues).join(', ')}, got '${DefaultValue}'`,
    );
  }
  return problems;
}

function stepProblems(step: Json, path: string): string[] {
  if (!isObject(step)) return [`${path}: must be an object`];
  const problems: string[] = [];
  const name = textOf(step.Name) ?? '';
  if (!STEP_NAME.test(name)) problems.push(`${path}.Name: must match ${STEP_NAME.source}, got '${name}'`);
  if (!STEP_TYPES.some((type) => type === step.Type)) {
    problems.push(`${path}.Type: this service runs ${STEP_TYPES.join(', ')}, got '${step.Type}'`);
  }
  if (!isObject(step.Arguments)) problems.push(`${path}.Arguments: must be an object`);
  else if (step.Type === 'Condition') {
    for (const field of ['Conditions', 'IfSteps', 'ElseSteps'] as const) {
      if (!Array.isArray(step.Arguments[field])) problems.push(`${path}.Arguments.${field}: must be a list`);
    }
    for (const branch of ['IfSteps', 'ElseSteps'] as const) {
      listOf(step.Arguments[branch]).forEach((inner, index) => {
        problems.push(...stepProblems(inner, `${path}.Arguments.${branch}[${index}]`));
      });
    }
  }
  return problems;
}

/** What can only be said once every step is known: unique names, references that lead somewhere, no cycle. */
function graphProblems(definition: PipelineDefinition): string[] {
  const plan = flatten(definition);
  const names = new Set<string>();
  const problems: string[] = [];
  for (const { step } of plan) {
    if (names.has(step.Name)) problems.push(`step '${step.Name}': the name is used twice`);
    names.add(step.Name);
  }
  for (const { step } of plan) {
    for (const other of [...(step.DependsOn ?? []), ...referencedSteps(ownArguments(step))]) {
      if (!names.has(other)) problems.push(`step '${step.Name}': refers to the unknown step '${other}'`);
    }
    problems.push(
      ...unknownReferences(ownArguments(step), definition).map((p) => `step '${step.Name}': ${p}`),
    );
  }
  if (problems.length > 0) return problems;
  return cyclesIn(plan).map((cycle) => `the steps ${cycle.join(' -> ')} wait for each other`);
}

/** @throws SageMakerError ValidationException with every problem */
export function parsePipelineDefinition(text: string): PipelineDefinition {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    refuse([`PipelineDefinition: not JSON: ${(error as Error).message}`]);
  }
  if (!isObject(value)) return refuse(['PipelineDefinition: must be a JSON object']) as never;
  const problems: string[] = [];
  if (value.Version !== '2020-12-01') problems.push(`Version: must be '2020-12-01', got '${value.Version}'`);
  if (!Array.isArray(value.Steps)) problems.push('Steps: must be a list');
  problems.push(...parameterProblems(listOf(value.Parameters)));
  listOf(value.Steps).forEach((step, index) => {
    problems.push(...stepProblems(step, `Steps[${index}]`));
  });
  refuse(problems);
  const definition = { ...value, Parameters: listOf(value.Parameters) } as unknown as PipelineDefinition;
  refuse(graphProblems(definition));
  return definition;
}
