/** What a thing group's next deployment holds. Pure. */
import type { ComponentDeploymentSpecification } from '@aws-sdk/client-greengrassv2';

export type Components = Readonly<Record<string, ComponentDeploymentSpecification>>;

export interface ComponentVersion {
  readonly name: string;
  readonly version: string;
  /** Whether a new version takes effect between two frames, without a restart of anything. */
  readonly hotSwapped?: boolean;
}

/**
 * A deployment replaces the group's component list: whatever it leaves out is removed from the devices. So the new list
 * is the current one, with our components at our versions. Components of others stay exactly as they are, and so does
 * the configuration that an operator has given to ours.
 * @param current components of the group's latest deployment
 */
export function compose(current: Components, ours: readonly ComponentVersion[]): Components {
  const pinned = ours.map(({ name, version }): [string, ComponentDeploymentSpecification] => [
    name,
    { ...current[name], componentVersion: version },
  ]);
  return { ...current, ...Object.fromEntries(pinned) };
}

/** Whether the group's deployment already has our components at these versions. */
export function includes(current: Components, ours: readonly ComponentVersion[]): boolean {
  return ours.every(({ name, version }) => current[name]?.componentVersion === version);
}

/**
 * Whether a deployment of our components restarts one. Then components are asked first, and may put it off while parts are
 * being inspected; a model goes in between two frames and has nothing to wait for.
 */
export function restarts(current: Components, ours: readonly ComponentVersion[]): boolean {
  return ours.some(
    ({ name, version, hotSwapped }) => !hotSwapped && current[name]?.componentVersion !== version,
  );
}
