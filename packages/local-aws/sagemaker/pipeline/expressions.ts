/**
 * The expressions of a pipeline definition: `{"Get": path}`, `{"Std:Join": {On, Values}}` and
 * `{"Std:JsonGet": {PropertyFile, Path}}`. Pure: property files are fetched first, then everything resolves.
 */
import { isObject, type Json, type JsonObject, listOf, textOf } from '../json';
import type { PipelineDefinition } from './model';

/** An expression cannot be resolved; the step fails with this message. */
export class ResolutionError extends Error {
  override readonly name = 'ResolutionError';
}

/** Where a property file lies, as the definition says it. */
export interface PropertyFileReference {
  readonly step: string;
  readonly name: string;
}

export interface ResolutionContext {
  readonly parameters: Readonly<Record<string, Json>>;
  /** Step name -> what Describe answers for its job. */
  readonly steps: ReadonlyMap<string, JsonObject>;
  /** `PipelineExecutionId`, `PipelineName` and so on. */
  readonly execution: Readonly<Record<string, Json>>;
  /** Key: {@link propertyFileKey}. */
  readonly propertyFiles: ReadonlyMap<string, Json>;
}

export const propertyFileKey = (reference: PropertyFileReference): string =>
  `${reference.step}/${reference.name}`;

/** `a.b[0]['c d']` -> `['a', 'b', 0, 'c d']`. */
export function parsePath(path: string): Array<string | number> {
  const segments: Array<string | number> = [];
  const pattern = /\.?([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/gy;
  while (pattern.lastIndex < path.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(path);
    if (match === null) throw new ResolutionError(`'${path}' is not a path (at character ${at + 1})`);
    segments.push(match[2] === undefined ? (match[1] ?? match[3] ?? match[4] ?? '') : Number(match[2]));
  }
  return segments;
}

/** A list can be entered by the name of an element: `Outputs['prepared']` is the one with OutputName 'prepared'. */
function enter(value: Json, segment: string | number): Json {
  if (Array.isArray(value)) {
    if (typeof segment === 'number') return value[segment];
    return value.find(
      (item) =>
        isObject(item) &&
        Object.entries(item).some(([key, name]) => key.endsWith('Name') && name === segment),
    );
  }
  return isObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
}

function follow(value: Json, path: string, where: string): Json {
  let found = value;
  for (const segment of parsePath(path)) found = enter(found, segment);
  if (found === undefined) throw new ResolutionError(`${where} has no '${path}'`);
  return found;
}

function splitFirst(text: string): [string, string] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text, ''] : [text.slice(0, dot), text.slice(dot + 1)];
}

function get(reference: string, context: ResolutionContext): Json {
  const [kind, rest] = splitFirst(reference);
  if (kind === 'Parameters') {
    const value = context.parameters[rest];
    if (value === undefined) throw new ResolutionError(`there is no parameter '${rest}'`);
    return value;
  }
  if (kind === 'Execution') {
    const value = context.execution[rest];
    if (value === undefined) throw new ResolutionError(`there is no 'Execution.${rest}'`);
    return value;
  }
  if (kind === 'Steps') {
    const [step, path] = splitFirst(rest);
    const description = context.steps.get(step);
    if (description === undefined) throw new ResolutionError(`step '${step}' has not run`);
    return follow(description, path, `the description of step '${step}'`);
  }
  throw new ResolutionError(
    `'${reference}' is neither a parameter, nor a step's property, nor of the execution`,
  );
}

function propertyFileOf(expression: Json): PropertyFileReference | undefined {
  const reference =
    isObject(expression) && isObject(expression.PropertyFile) ? expression.PropertyFile.Get : '';
  const match = /^Steps\.([^.]+)\.PropertyFiles\.(.+)$/.exec(textOf(reference) ?? '');
  return match?.[1] !== undefined && match[2] !== undefined ? { step: match[1], name: match[2] } : undefined;
}

function jsonGet(expression: Json, context: ResolutionContext): Json {
  const reference = propertyFileOf(expression);
  const path = isObject(expression) ? textOf(expression.Path) : undefined;
  if (reference === undefined || path === undefined) {
    throw new ResolutionError(`Std:JsonGet takes PropertyFile and Path, got ${JSON.stringify(expression)}`);
  }
  const content = context.propertyFiles.get(propertyFileKey(reference));
  if (content === undefined) {
    throw new ResolutionError(
      `the property file '${reference.name}' of step '${reference.step}' is not there`,
    );
  }
  return follow(content, path, `property file '${reference.name}' of step '${reference.step}'`);
}

function join(expression: Json, context: ResolutionContext): string {
  if (!isObject(expression)) throw new ResolutionError('Std:Join takes On and Values');
  return listOf(expression.Values)
    .map((value) => {
      const resolved = resolve(value, context);
      if (resolved === null || typeof resolved === 'object') {
        throw new ResolutionError(`Std:Join joins plain values, got ${JSON.stringify(resolved)}`);
      }
      return String(resolved);
    })
    .join(textOf(expression.On) ?? '');
}

/** The one key of `{"Get": ...}` and its kin. */
function operatorOf(value: JsonObject): 'Get' | 'Std:Join' | 'Std:JsonGet' | undefined {
  const keys = Object.keys(value);
  const [key] = keys;
  return keys.length === 1 && (key === 'Get' || key === 'Std:Join' || key === 'Std:JsonGet')
    ? key
    : undefined;
}

/** `value` with every expression replaced by what it stands for. @throws ResolutionError */
export function resolve(value: Json, context: ResolutionContext): Json {
  if (Array.isArray(value)) return value.map((item) => resolve(item, context));
  if (!isObject(value)) return value;
  const operator = operatorOf(value);
  if (operator === 'Get') return get(textOf(value.Get) ?? '', context);
  if (operator === 'Std:Join') return join(value['Std:Join'], context);
  if (operator === 'Std:JsonGet') return jsonGet(value['Std:JsonGet'], context);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, context)]));
}

/** Every expression in `value`, outermost first. */
function* expressionsIn(value: Json): Generator<JsonObject> {
  if (Array.isArray(value)) for (const item of value) yield* expressionsIn(item);
  else if (isObject(value)) {
    if (operatorOf(value) !== undefined) yield value;
    for (const item of Object.values(value)) yield* expressionsIn(item);
  }
}

/** Property files that must be fetched before `value` can be resolved. */
export function propertyFilesIn(value: Json): PropertyFileReference[] {
  const found = [...expressionsIn(value)].map((expression) => propertyFileOf(expression['Std:JsonGet']));
  const unique = new Map(found.flatMap((file) => (file ? [[propertyFileKey(file), file] as const] : [])));
  return [...unique.values()];
}

function references(value: Json): string[] {
  return [...expressionsIn(value)].flatMap((expression) => textOf(expression.Get) ?? []);
}

/** Steps that `value` refers to: dependencies that the definition does not spell out. */
export function referencedSteps(value: Json): string[] {
  const steps = references(value).flatMap((path) => /^Steps\.([^.]+)\./.exec(path)?.[1] ?? []);
  return [...new Set(steps)];
}

export const EXECUTION_VARIABLES = [
  'PipelineExecutionId',
  'PipelineExecutionArn',
  'PipelineName',
  'PipelineArn',
  'StartDateTime',
  'CurrentDateTime',
  'TrainingJobName',
  'ProcessingJobName',
  'HyperParameterTuningJobName',
] as const;

/** References in `value` that no execution can satisfy: undeclared parameters, property files, variables. */
export function unknownReferences(value: Json, definition: PipelineDefinition): string[] {
  const parameters = new Set(definition.Parameters.map((parameter) => parameter.Name));
  return references(value).flatMap((path) => {
    const [kind, rest] = splitFirst(path);
    if (kind === 'Steps') return [];
    if (kind === 'Parameters')
      return parameters.has(rest) ? [] : [`refers to the unknown parameter '${rest}'`];
    const known = kind === 'Execution' && EXECUTION_VARIABLES.some((name) => name === rest);
    return known ? [] : [`'${path}' refers to nothing`];
  });
}
