/** A pipeline definition, schema version 2020-12-01, as data. */
import type { Json, JsonObject } from '../json';

export const STEP_TYPES = ['Processing', 'Training', 'Tuning', 'Condition', 'Fail', 'RegisterModel'] as const;
export type StepType = (typeof STEP_TYPES)[number];
export const PARAMETER_TYPES = ['String', 'Integer', 'Float', 'Boolean'] as const;

export interface ParameterDeclaration {
  readonly Name: string;
  readonly Type: (typeof PARAMETER_TYPES)[number];
  readonly DefaultValue?: Json;
  readonly EnumValues?: Json[];
}

export interface PropertyFile {
  readonly PropertyFileName: string;
  readonly OutputName: string;
  readonly FilePath: string;
}

export interface RetryPolicy {
  readonly ExceptionType: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly ExpireAfterMin?: number;
}

export interface StepDefinition {
  readonly Name: string;
  readonly Type: StepType;
  readonly Arguments: JsonObject;
  readonly DependsOn?: readonly string[];
  readonly DisplayName?: string;
  readonly Description?: string;
  readonly PropertyFiles?: readonly PropertyFile[];
  readonly CacheConfig?: { readonly Enabled: boolean; readonly ExpireAfter?: string };
  readonly RetryPolicies?: readonly RetryPolicy[];
}

export interface PipelineDefinition {
  readonly Version: '2020-12-01';
  readonly Parameters: readonly ParameterDeclaration[];
  readonly Steps: readonly StepDefinition[];
}
