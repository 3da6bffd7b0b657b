/** All components of the device: who waits for whom, and when a set of them is up. */
import type { ComponentState } from '../../greengrass/deployment-document';
import { Component, type ComponentDefinition, type ComponentHost } from './component';

export interface ComponentManagerOptions {
  hostOf(name: string): Omit<ComponentHost, 'dependenciesReady' | 'onStateChange'>;
  onStateChange(component: Component, from: ComponentState): void;
}

export class ComponentManager {
  private readonly components = new Map<string, Component>();
  private readonly watchers = new Set<() => void>();

  constructor(private readonly options: ComponentManagerOptions) {}

  get all(): readonly Component[] {
    return [...this.components.values()];
  }

  get(name: string): Component | undefined {
    return this.components.get(name);
  }

  add(definition: ComponentDefinition): Component {
    const component = new Component(definition, {
      ...this.options.hostOf(definition.name),
      dependenciesReady: (wanted) =>
        // What is not managed here is built into the device (nucleus, token exchange) and always up.
        wanted.hardDependencies.every((name) => this.components.get(name)?.settled ?? true),
      onStateChange: (changed, from) => {
        this.options.onStateChange(changed, from);
        // Dependents look at the new state; after this call, which runs inside the loop of `changed`.
        queueMicrotask(() => {
          for (const other of this.components.values()) if (other !== changed) other.nudge();
          for (const watcher of [...this.watchers]) watcher();
        });
      },
    });
    this.components.set(definition.name, component);
    return component;
  }

  /** Stops components for good, dependents first; resolves when nothing of them runs. */
  async remove(names: Iterable<string>): Promise<void> {
    const removals = new Map<string, Promise<void>>();
    const chosen = new Set(names);
    const remove = (name: string): Promise<void> => {
      const known = removals.get(name);
      if (known) return known;
      const component = this.components.get(name);
      const dependents = this.all.filter(
        (other) => chosen.has(other.name) && other.name !== name && other.hardDependencies.includes(name),
      );
      const removal = (async () => {
        await Promise.all(dependents.map((dependent) => remove(dependent.name)));
        await component?.close();
        this.components.delete(name);
      })();
      removals.set(name, removal);
      return removal;
    };
    await Promise.all([...chosen].map(remove));
  }

  async stopAll(): Promise<void> {
    await this.remove([...this.components.keys()]);
  }

  /**
   * Resolves when every named component is up; rejects with what `failure` makes of the first broken one.
   * No time limit: each step of a life cycle has its own, and three errors break a component.
   */
  waitUntilUp(
    names: readonly string[],
    failure: (broken: Component) => Error,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        this.watchers.delete(look);
        signal.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        finish();
        reject(signal.reason);
      };
      const look = (): void => {
        const waited = names.flatMap((name) => this.components.get(name) ?? []);
        const broken = waited.find((component) => component.broken);
        if (!broken && !waited.every((component) => component.settled)) return;
        finish();
        if (broken) reject(failure(broken));
        else resolve();
      };
      if (signal.aborted) return reject(signal.reason);
      this.watchers.add(look);
      signal.addEventListener('abort', abort, { once: true });
      look();
    });
  }
}
