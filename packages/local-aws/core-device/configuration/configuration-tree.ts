/**
 * A component's configuration as the nucleus keeps it: values that came from recipes, and values that a deployment or
 * the component itself set. In the nucleus every node has a timestamp and defaults carry timestamp 1, so that a newer
 * recipe replaces old defaults and never a value that somebody set (`KernelConfigResolver.java`
 * resolveConfigurationToApply). Two layers say the same without a clock.
 */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export interface ComponentConfiguration {
  /** Values from recipes. A newer recipe merges over them; keys it no longer has stay, as in the nucleus. */
  readonly defaults: JsonObject;
  /** Values set by deployments and by UpdateConfiguration. */
  readonly overrides: JsonObject;
}

export interface ConfigurationUpdate {
  readonly merge?: JsonObject;
  /** JSON pointers; `""` is the whole document. */
  readonly reset?: readonly string[];
}

export const EMPTY_CONFIGURATION: ComponentConfiguration = { defaults: {}, overrides: {} };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `__proto__` as a key would change the object's prototype instead of its content. */
function withKey(object: JsonObject, key: string, value: Json): JsonObject {
  const copy = { ...object };
  Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

/** Objects merge key by key; everything else, lists too, replaces what was there. */
export function merged(base: Json | undefined, update: Json): Json {
  if (!isObject(update)) return update;
  return Object.entries(update).reduce<JsonObject>(
    (result, [key, value]) =>
      withKey(result, key, merged(Object.hasOwn(result, key) ? result[key] : undefined, value)),
    isObject(base) ? base : {},
  );
}

/** The value at `path`, undefined when there is none. */
export function valueAt(tree: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = tree;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** `value` wrapped so that it lies at `path`. */
export function nested(path: readonly string[], value: Json): Json {
  return path.reduceRight<Json>((inner, key) => withKey({}, key, inner), value);
}

function without(tree: JsonObject, path: readonly string[]): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return {};
  if (!Object.hasOwn(tree, key)) return tree;
  const child = tree[key];
  const { [key]: _removed, ...others } = tree;
  if (rest.length === 0) return others;
  return isObject(child) ? withKey(others, key, without(child, rest)) : tree;
}

/** Keys of a JSON pointer (RFC 6901): `/a~1b/c` is `['a/b', 'c']`, the empty text the whole document. */
export function pointerPath(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/'))
    throw new RangeError(`'${pointer}' is no JSON pointer: it must start with '/'`);
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What the component sees. */
export function effective(configuration: ComponentConfiguration): JsonObject {
  return merged(configuration.defaults, configuration.overrides) as JsonObject;
}

/**
 * The configuration after a deployment: paths are reset, the recipe's defaults merge beneath what was set, the
 * requested values merge on top (that order: `KernelConfigResolver.java` resolveConfigurationToApply).
 * @throws RangeError when a reset path is no JSON pointer
 */
export function deployed(
  current: ComponentConfiguration,
  recipeDefaults: JsonObject,
  update: ConfigurationUpdate | undefined,
): ComponentConfiguration {
  const reset = (update?.reset ?? []).map(pointerPath).reduce<ComponentConfiguration>(
    (layers, path) => ({
      defaults: without(layers.defaults, path),
      overrides: without(layers.overrides, path),
    }),
    current,
  );
  return {
    defaults: merged(reset.defaults, recipeDefaults) as JsonObject,
    overrides: merged(reset.overrides, update?.merge ?? {}) as JsonObject,
  };
}

export function equal(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, index) => equal(item, right[index]));
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]))
  );
}

/** Paths of the leaves that differ; a removed or added subtree counts as one path. */
export function changedPaths(before: Json, after: Json, prefix: readonly string[] = []): string[][] {
  if (!isObject(before) || !isObject(after)) return equal(before, after) ? [] : [[...prefix]];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => {
    const path = [...prefix, key];
    const [left, right] = [valueAt(before, [key]), valueAt(after, [key])];
    return left === undefined || right === undefined ? [path] : changedPaths(left, right, path);
  });
}
