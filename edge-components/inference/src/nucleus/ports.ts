import type { CloudSubscriber, Publisher } from '../ports';

/** The nucleus: what the component asks of it and hears from it. */
export interface Nucleus extends Publisher, CloudSubscriber {
  /** @throws Error when it cannot be reached */
  connect(): Promise<void>;
  /** Operations that it does not serve and that the component can do without. */
  readonly unserved: readonly string[];
  /**
   * `connected`: every time that a connection stands. `configuration`: the configuration may have changed. `forgotten`: it
   * no longer knows this process, and never will again.
   */
  on(event: 'connected' | 'configuration' | 'forgotten', listener: () => void): unknown;
  /** The component's whole configuration, as it was deployed. */
  configuration(): Promise<unknown>;
  /** The component is ready. */
  reportRunning(): Promise<void>;
  close(): void;
}

/** Everything that is wrong with a configuration that a deployment wants to bring. */
export type ConfigurationCheck = (configuration: unknown) => readonly string[];

/**
 * For how long an update that may restart the component has to wait, in milliseconds; 0 lets it go ahead.
 * Asked again after that time, with the same deployment.
 */
export type UpdateAnswer = (deploymentId: string) => number;
