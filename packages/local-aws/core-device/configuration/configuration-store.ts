import {
  type ComponentConfiguration,
  changedPaths,
  EMPTY_CONFIGURATION,
  effective,
  type Json,
  type JsonObject,
  merged,
  nested,
  valueAt,
} from './configuration-tree';

export interface ConfigurationChange {
  readonly componentName: string;
  /** Path of the changed value from the root of the component's configuration. */
  readonly keyPath: readonly string[];
}
type Listener = (change: ConfigurationChange) => void;

/** The configuration of every component, with listeners; `persist` is awaited before an update is acknowledged. */
export class ConfigurationStore {
  private readonly components = new Map<string, ComponentConfiguration>();
  private readonly listeners = new Set<{ component: string; path: readonly string[]; listener: Listener }>();

  constructor(private readonly persist: () => void = () => {}) {}

  has(component: string): boolean {
    return this.components.has(component);
  }

  layers(component: string): ComponentConfiguration {
    return this.components.get(component) ?? EMPTY_CONFIGURATION;
  }

  effective(component: string): JsonObject {
    return effective(this.layers(component));
  }

  get(component: string, path: readonly string[]): Json | undefined {
    return this.has(component) ? valueAt(this.effective(component), path) : undefined;
  }

  /** Takes over a deployment's outcome (or undoes it) and tells the listeners. The caller persists. */
  replace(component: string, layers: ComponentConfiguration): void {
    const before = this.effective(component);
    this.components.set(component, layers);
    this.notify(component, changedPaths(before, effective(layers)));
  }

  remove(component: string): void {
    this.components.delete(component);
  }

  /** Merges what a component set itself; durable when it returns. */
  update(component: string, path: readonly string[], value: Json): void {
    const before = this.layers(component);
    const overrides = merged(before.overrides, nested(path, value)) as JsonObject;
    this.components.set(component, { defaults: before.defaults, overrides });
    try {
      this.persist();
    } catch (error) {
      this.components.set(component, before);
      throw error;
    }
    this.notify(component, changedPaths(effective(before), this.effective(component)));
  }

  /** @returns ends the subscription */
  subscribe(component: string, path: readonly string[], listener: Listener): () => void {
    const entry = { component, path, listener };
    this.listeners.add(entry);
    return () => this.listeners.delete(entry);
  }

  private notify(component: string, paths: readonly string[][]): void {
    for (const keyPath of paths) {
      for (const entry of this.listeners) {
        const shared = Math.min(entry.path.length, keyPath.length);
        const related = entry.path.slice(0, shared).every((key, index) => key === keyPath[index]);
        if (entry.component === component && related) entry.listener({ componentName: component, keyPath });
      }
    }
  }
}
