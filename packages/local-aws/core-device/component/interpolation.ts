/** Recipe variables in scripts and environment values (`KernelConfigResolver.java` replace, lookupSystemConfig). */
import { isObject, type JsonObject, pointerPath, valueAt } from '../configuration/configuration-tree';
import type { Lifecycle, LifecycleStep } from './recipe';

export interface InterpolationScope {
  readonly thingName: string;
  readonly rootPath: string;
  readonly artifactsPath: string;
  readonly decompressedPath: string;
  readonly workPath: string;
  readonly configuration: JsonObject;
  /** Scopes of the direct dependencies, for `{<component>:configuration:/...}` and its like. */
  readonly dependencies?: Readonly<Record<string, InterpolationScope>>;
}

const VARIABLE = /\{(?:([a-zA-Z0-9._-]+):)?(artifacts|work|kernel|iot|configuration):([^{}\s]+)\}/g;

function lookUp(scope: InterpolationScope, namespace: string, key: string): string | undefined {
  switch (`${namespace}:${key}`) {
    case 'artifacts:path':
      return scope.artifactsPath;
    case 'artifacts:decompressedPath':
      return scope.decompressedPath;
    case 'work:path':
      return scope.workPath;
    case 'kernel:rootPath':
      return scope.rootPath;
    case 'iot:thingName':
      return scope.thingName;
  }
  if (namespace !== 'configuration' || !key.startsWith('/')) return undefined;
  const value = valueAt(scope.configuration, pointerPath(key));
  if (value === undefined) return undefined;
  return isObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
}

/** A variable that has no value stays as it is, as in the nucleus. */
export function interpolate(text: string, scope: InterpolationScope): string {
  return text.replace(VARIABLE, (variable, component: string | undefined, namespace: string, key: string) => {
    const owner = component === undefined ? scope : scope.dependencies?.[component];
    return (owner && lookUp(owner, namespace, key)) ?? variable;
  });
}

function interpolateAll(
  values: Readonly<Record<string, string>>,
  scope: InterpolationScope,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, interpolate(value, scope)]));
}

export function interpolateLifecycle(lifecycle: Lifecycle, scope: InterpolationScope): Lifecycle {
  const steps = Object.entries(lifecycle.steps).map(([name, step]: [string, LifecycleStep]) => [
    name,
    {
      ...step,
      script: interpolate(step.script, scope),
      setenv: interpolateAll(step.setenv, scope),
      ...(step.skipIf === undefined ? {} : { skipIf: interpolate(step.skipIf, scope) }),
    },
  ]);
  return { setenv: interpolateAll(lifecycle.setenv, scope), steps: Object.fromEntries(steps) };
}
