/** What a deployment changes: a pure comparison of what is installed with what shall be. */
import { isDeepStrictEqual } from 'node:util';
import type { Dependency, Lifecycle } from '../component/recipe';
import type { ComponentConfiguration } from '../configuration/configuration-tree';

/** A component as resolved by a deployment, complete enough to be started again without the cloud. */
export interface InstalledComponent {
  readonly version: string;
  /** With every recipe variable replaced. */
  readonly lifecycle: Lifecycle;
  readonly dependencies: Readonly<Record<string, Dependency>>;
  readonly configuration: ComponentConfiguration;
}
export type ComponentSet = Readonly<Record<string, InstalledComponent>>;

export interface DeploymentPlan {
  readonly add: readonly string[];
  /** install runs again: new version, changed install script, or broken before. */
  readonly reinstall: readonly string[];
  /** startup/run again: their script or environment changed. */
  readonly restart: readonly string[];
  readonly remove: readonly string[];
  /** Only the configuration changed: the component is told, not restarted. */
  readonly reconfigure: readonly string[];
  readonly unchanged: readonly string[];
}

type Change = 'reinstall' | 'restart' | 'reconfigure' | 'unchanged';

/**
 * Whether the nucleus takes a component for changed although its recipe is the same: a number of its lifecycle, read back
 * from the nucleus's own log, is not equal to the number in the recipe.
 */
const hasNumber = ({ lifecycle }: InstalledComponent): boolean =>
  Object.values(lifecycle.steps).some(({ timeoutSeconds }) => timeoutSeconds !== undefined);

/** Rules: `GenericExternalService.java`, the subscription in its constructor. A changed shutdown script restarts nothing. */
function changeOf(current: InstalledComponent, next: InstalledComponent, isReadBack: boolean): Change {
  if (current.version !== next.version) return 'reinstall';
  if (!isDeepStrictEqual(current.lifecycle.steps.install, next.lifecycle.steps.install)) return 'reinstall';
  if (isReadBack && hasNumber(next)) return 'restart';
  const compared = (component: InstalledComponent): unknown => {
    const { shutdown: _ignored, ...steps } = component.lifecycle.steps;
    return { setenv: component.lifecycle.setenv, steps, dependencies: component.dependencies };
  };
  if (!isDeepStrictEqual(compared(current), compared(next))) return 'restart';
  return isDeepStrictEqual(current.configuration, next.configuration) ? 'unchanged' : 'reconfigure';
}

/**
 * @param broken names of components that are BROKEN now: a deployment gives them a new chance
 * @param isReadBack whether `current` comes from the nucleus's log, as after a start or a roll-back
 */
export function planDeployment(
  current: ComponentSet,
  target: ComponentSet,
  broken: ReadonlySet<string> = new Set(),
  isReadBack = false,
): DeploymentPlan {
  const changes = new Map<string, Change>();
  const add: string[] = [];
  for (const [name, next] of Object.entries(target)) {
    const installed = Object.hasOwn(current, name) ? current[name] : undefined;
    if (!installed) add.push(name);
    else changes.set(name, broken.has(name) ? 'reinstall' : changeOf(installed, next, isReadBack));
  }
  const having = (change: Change): string[] =>
    [...changes].filter(([, c]) => c === change).map(([name]) => name);
  return {
    add,
    reinstall: having('reinstall'),
    restart: having('restart'),
    remove: Object.keys(current).filter((name) => !Object.hasOwn(target, name)),
    reconfigure: having('reconfigure'),
    unchanged: having('unchanged'),
  };
}
