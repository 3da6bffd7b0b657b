/** From root components to the whole set: versions that meet every requirement (`componentmanager/DependencyResolver.java`). */
import type { Recipe } from '../component/recipe';
import { DeploymentError } from './errors';

/** Root components and their exact versions by deployment target. */
export type RootsByTarget = Readonly<Record<string, Readonly<Record<string, string>>>>;
/** Ranges by who asks for them. */
export type Requirements = Readonly<Record<string, string>>;
export type ResolveVersion = (name: string, requirements: Requirements) => Promise<Recipe>;

/** Parts of the nucleus itself: it resolves them as others and has nothing of them to start. */
const BUILT_IN_COMPONENTS: ReadonlySet<string> = new Set([
  'aws.greengrass.Nucleus',
  'aws.greengrass.TokenExchangeService',
]);

/** More rounds than the longest chain of dependencies anybody has; beyond it versions chase each other. */
const MOST_ROUNDS = 30;

function requirementsOf(
  roots: RootsByTarget,
  resolved: ReadonlyMap<string, Recipe>,
): Map<string, Requirements> {
  const requirements = new Map<string, Requirements>();
  const open: string[] = [];
  const require = (name: string, by: string, range: string): void => {
    if (!requirements.has(name)) open.push(name);
    requirements.set(name, { ...requirements.get(name), [by]: range });
  };
  for (const [target, components] of Object.entries(roots)) {
    for (const [name, version] of Object.entries(components)) require(name, target, `=${version}`);
  }
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    for (const [dependency, { versionRequirement }] of Object.entries(
      resolved.get(name)?.dependencies ?? {},
    )) {
      require(dependency, name, versionRequirement);
    }
  }
  return requirements;
}

/** @throws DeploymentError when components depend on each other in a circle */
function refuseCircles(recipes: ReadonlyMap<string, Recipe>): void {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name))
      throw new DeploymentError(
        `components depend on each other in a circle: ${[...path.slice(path.indexOf(name)), name].join(' -> ')}`,
        'COMPONENT_CIRCULAR_DEPENDENCY_ERROR',
      );
    if (done.has(name)) return;
    for (const dependency of Object.keys(recipes.get(name)?.dependencies ?? {}))
      visit(dependency, [...path, name]);
    done.add(name);
  };
  for (const name of recipes.keys()) visit(name, []);
}

/**
 * Resolves until no answer changes any requirement.
 * @throws DeploymentError for circles and for versions that never settle; whatever `resolve` throws
 */
export async function resolveComponents(
  roots: RootsByTarget,
  resolve: ResolveVersion,
): Promise<Map<string, Recipe>> {
  const answers = new Map<string, Recipe>();
  let resolved: ReadonlyMap<string, Recipe> = new Map();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const next = new Map<string, Recipe>();
    for (const [name, requirements] of requirementsOf(roots, resolved)) {
      const question = JSON.stringify([name, Object.entries(requirements).sort()]);
      const recipe = answers.get(question) ?? (await resolve(name, requirements));
      answers.set(question, recipe);
      next.set(name, recipe);
    }
    const settled =
      next.size === resolved.size &&
      [...next].every(([name, { version }]) => resolved.get(name)?.version === version);
    if (settled) {
      refuseCircles(next);
      return new Map([...next].filter(([name]) => !BUILT_IN_COMPONENTS.has(name)));
    }
    resolved = next;
  }
  throw new DeploymentError(
    `the versions of ${[...resolved.keys()].join(', ')} do not settle after ${MOST_ROUNDS} rounds`,
    'COMPONENT_VERSION_REQUIREMENTS_NOT_MET',
  );
}
