/**
 * Component recipes, reduced to what this device needs of them.
 * Format: aws-greengrass-component-common `ComponentRecipe.java`; keys are case-insensitive as in the classic nucleus.
 */
import { parse as parseYaml } from 'yaml';
import { type PlatformAttributes, platformFits } from '../../greengrass/platform';
import { isObject, type Json, type JsonObject } from '../configuration/configuration-tree';

export type DependencyType = 'HARD' | 'SOFT';
export interface Dependency {
  /** NPM style range, e.g. `>=1.0.0 <2.0.0`. */
  readonly versionRequirement: string;
  readonly type: DependencyType;
}

export const STEP_NAMES = ['install', 'startup', 'run', 'shutdown', 'recover'] as const;
export type StepName = (typeof STEP_NAMES)[number];

export interface LifecycleStep {
  readonly script: string;
  readonly timeoutSeconds?: number;
  readonly setenv: Readonly<Record<string, string>>;
  /** `onpath <program>` or `exists <path>`, with `!` in front for the contrary. */
  readonly skipIf?: string;
}
export interface Lifecycle {
  readonly setenv: Readonly<Record<string, string>>;
  readonly steps: Readonly<Partial<Record<StepName, LifecycleStep>>>;
}

export type PermissionHolder = 'NONE' | 'OWNER' | 'ALL';
export interface Artifact {
  readonly uri: string;
  readonly unarchive: 'NONE' | 'ZIP';
  readonly read: PermissionHolder;
  readonly execute: PermissionHolder;
  /** Base64 SHA-256 of the bytes, filled in by the service; absent only in hand-made recipes. */
  readonly digest?: string;
  readonly algorithm?: string;
}

export interface Recipe {
  readonly name: string;
  readonly version: string;
  readonly defaultConfiguration: JsonObject;
  readonly dependencies: Readonly<Record<string, Dependency>>;
  readonly lifecycle: Lifecycle;
  readonly artifacts: readonly Artifact[];
}

/** The recipe cannot be used on this device. `code` is the nucleus's (`DeploymentErrorCode.java`). */
export class RecipeError extends Error {
  override readonly name = 'RecipeError';
  constructor(
    message: string,
    readonly code: 'RECIPE_PARSE_ERROR' | 'RECIPE_MISSING_MANIFEST' = 'RECIPE_PARSE_ERROR',
  ) {
    super(message);
  }
}

function field(object: Json | undefined, name: string): Json | undefined {
  if (!isObject(object)) return undefined;
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function attributes(platform: Json | undefined): Record<string, string> | undefined {
  if (!isObject(platform)) return undefined;
  return Object.fromEntries(
    Object.entries(platform).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

function environment(value: Json | undefined): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      isObject(item) ? JSON.stringify(item) : String(item ?? ''),
    ]),
  );
}

function step(value: Json | undefined, where: string): LifecycleStep | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return { script: value, setenv: {} };
  const script = field(value, 'script');
  if (typeof script !== 'string') throw new RecipeError(`${where}: Script is missing`);
  const timeout = field(value, 'timeout');
  const timeoutSeconds = timeout === undefined ? undefined : Number(timeout);
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0))
    throw new RecipeError(
      `${where}: Timeout must be a number of seconds above 0, got ${JSON.stringify(timeout)}`,
    );
  const skipIf = field(value, 'skipif');
  return {
    script,
    setenv: environment(field(value, 'setenv')),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(typeof skipIf === 'string' ? { skipIf } : {}),
  };
}

/** A manifest's own lifecycle, or the part of the global one that its selections name (default `all`). */
function lifecycleSource(recipe: Json, manifest: Json | undefined): Json | undefined {
  const own = field(manifest, 'lifecycle');
  if (isObject(own) && Object.keys(own).length > 0) return own;
  const global = field(recipe, 'lifecycle');
  const selections = [...list(field(manifest, 'selections')).map(String), 'all'];
  for (const selection of selections) {
    const selected = field(global, selection);
    if (isObject(selected)) return selected;
  }
  return global;
}

function lifecycle(source: Json | undefined, name: string): Lifecycle {
  if (field(source, 'bootstrap') !== undefined)
    throw new RecipeError(`${name}: this device does not run bootstrap steps (they restart the nucleus)`);
  const steps: Partial<Record<StepName, LifecycleStep>> = {};
  for (const stepName of STEP_NAMES) {
    const parsed = step(field(source, stepName), `${name}: Lifecycle.${stepName}`);
    if (parsed) steps[stepName] = parsed;
  }
  return { setenv: environment(field(source, 'setenv')), steps };
}

function artifact(value: Json, name: string): Artifact {
  const uri = field(value, 'uri');
  if (typeof uri !== 'string' || uri === '') throw new RecipeError(`${name}: an artifact has no Uri`);
  const holder = (permission: string, fallback: PermissionHolder): PermissionHolder => {
    const given = String(field(field(value, 'permission'), permission) ?? fallback).toUpperCase();
    if (given !== 'NONE' && given !== 'OWNER' && given !== 'ALL')
      throw new RecipeError(
        `${name}: ${uri}: Permission.${permission} must be NONE, OWNER or ALL, got ${given}`,
      );
    return given;
  };
  const unarchive = String(field(value, 'unarchive') ?? 'NONE').toUpperCase();
  if (unarchive !== 'NONE' && unarchive !== 'ZIP')
    throw new RecipeError(`${name}: ${uri}: Unarchive must be NONE or ZIP, got ${unarchive}`);
  const digest = field(value, 'digest');
  const algorithm = field(value, 'algorithm');
  return {
    uri,
    unarchive,
    read: holder('read', 'OWNER'),
    execute: holder('execute', 'NONE'),
    ...(typeof digest === 'string' ? { digest } : {}),
    ...(typeof algorithm === 'string' ? { algorithm } : {}),
  };
}

/**
 * @param text JSON or YAML
 * @throws RecipeError with the field that is wrong, or when no manifest fits `platform`
 */
export function parseRecipe(text: string, platform: PlatformAttributes): Recipe {
  let raw: Json;
  try {
    raw = parseYaml(text) as Json; // YAML 1.2 contains JSON
  } catch (error) {
    throw new RecipeError(`the recipe is neither JSON nor YAML: ${(error as Error).message}`);
  }
  const name = field(raw, 'componentName');
  const version = field(raw, 'componentVersion');
  if (typeof name !== 'string' || !/^[a-zA-Z0-9\-_.]{1,128}$/.test(name) || /^\.+$/.test(name))
    throw new RecipeError(`ComponentName must match [a-zA-Z0-9-_.]{1,128}, got ${JSON.stringify(name)}`);
  if (typeof version !== 'string' || !/^\d{1,6}\.\d{1,6}\.\d{1,6}[0-9A-Za-z.+-]*$/.test(version))
    throw new RecipeError(
      `${name}: ComponentVersion must be a semantic version, got ${JSON.stringify(version)}`,
    );
  const manifests = list(field(raw, 'manifests'));
  const manifest = manifests.find((candidate) =>
    platformFits(attributes(field(candidate, 'platform')), platform),
  );
  if (manifests.length > 0 && manifest === undefined)
    throw new RecipeError(
      `${name} ${version} has no manifest for ${JSON.stringify(platform)}`,
      'RECIPE_MISSING_MANIFEST',
    );
  const defaults = field(field(raw, 'componentConfiguration'), 'defaultConfiguration');
  const dependencies = field(raw, 'componentDependencies');
  return {
    name,
    version,
    defaultConfiguration: isObject(defaults) ? defaults : {},
    dependencies: Object.fromEntries(
      Object.entries(isObject(dependencies) ? dependencies : {}).map(([dependency, value]) => [
        dependency,
        {
          versionRequirement: String(field(value, 'versionRequirement') ?? '*'),
          type: String(field(value, 'dependencyType') ?? 'HARD').toUpperCase() === 'SOFT' ? 'SOFT' : 'HARD',
        },
      ]),
    ),
    lifecycle: lifecycle(lifecycleSource(raw, manifest), name),
    artifacts: list(field(manifest, 'artifacts')).map((value) => artifact(value, name)),
  };
}
