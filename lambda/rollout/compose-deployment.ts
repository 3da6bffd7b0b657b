/** What a thing group's next deployment holds. Pure. */

import type { ComponentDeploymentSpecification } from '@aws-sdk/client-greengrassv2';
import { ownValue } from '../../contracts/own-value';

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

type JsonObject = { readonly [key: string]: unknown };
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As the nucleus merges: objects by their keys, everything else is replaced. */
function merged(below: JsonObject, above: JsonObject): JsonObject {
  const entries = Object.entries(above).map(([key, value]) => {
    const before = ownValue(below, key);
    return [key, isObject(before) && isObject(value) ? merged(before, value) : value];
  });
  return { ...below, ...Object.fromEntries(entries) };
}

/**
 * The component list in which one of them has more configuration, over what an operator has given it before.
 * @throws Error when the list has no such component
 */
export function withConfiguration(current: Components, name: string, configuration: object): Components {
  const component = current[name];
  if (!component) throw new Error(`no component ${name} in the deployment`);
  const before: unknown = JSON.parse(component.configurationUpdate?.merge ?? '{}');
  const merge = JSON.stringify(merged(isObject(before) ? before : {}, { ...configuration }));
  return {
    ...current,
    [name]: { ...component, configurationUpdate: { ...component.configurationUpdate, merge } },
  };
}
