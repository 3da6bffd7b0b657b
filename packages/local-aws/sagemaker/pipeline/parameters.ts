/** Parameters of an execution: what was given, else the default; typed, and all problems at once. */
import { refuse } from '../errors';
import type { Json } from '../json';
import type { ParameterDeclaration } from './model';

type Typed = { readonly value: Json } | { readonly problem: string };

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** StartPipelineExecution carries every value as text; defaults are typed JSON. */
function typed(declaration: ParameterDeclaration, given: Json): Typed {
  const text = String(given);
  switch (declaration.Type) {
    case 'Integer':
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))
        ? { value: Number(text) }
        : { problem: 'must be an integer' };
    case 'Float':
      return NUMBER.test(text) && Number.isFinite(Number(text))
        ? { value: Number(text) }
        : { problem: 'must be a number' };
    case 'Boolean':
      return /^(true|false)$/i.test(text)
        ? { value: text.toLowerCase() === 'true' }
        : { problem: 'must be true or false' };
    case 'String':
      return { value: text };
  }
}

/**
 * @param given name -> value of `PipelineParameters`
 * @throws SageMakerError ValidationException: unknown, missing, of the wrong type, or outside EnumValues
 */
export function resolveParameters(
  declarations: readonly ParameterDeclaration[],
  given: Readonly<Record<string, string>>,
): Record<string, Json> {
  const problems = Object.keys(given)
    .filter((name) => !declarations.some((declaration) => declaration.Name === name))
    .map((name) => `PipelineParameters: the pipeline has no parameter '${name}'`);
  const values: Record<string, Json> = {};
  for (const declaration of declarations) {
    const value = given[declaration.Name] ?? declaration.DefaultValue;
    const field = `parameter '${declaration.Name}'`;
    if (value === undefined || value === null) {
      problems.push(`${field}: has no default and must be given`);
      continue;
    }
    const result = typed(declaration, value);
    if ('problem' in result) problems.push(`${field}: ${result.problem}, got '${value}'`);
    else if (declaration.EnumValues && !declaration.EnumValues.includes(result.value)) {
      problems.push(`${field}: must be one of ${declaration.EnumValues.join(', ')}, got '${value}'`);
    } else values[declaration.Name] = result.value;
  }
  refuse(problems);
  return values;
}
