/**
 * Asks components whether a deployment may go ahead (NOTIFY_COMPONENTS). A component that subscribed gets a
 * pre-update event and may defer; one that says nothing within the policy's timeout has agreed
 * (`UpdateSystemPolicyService.java`, `LifecycleIPCEventStreamAgent.java`).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { IpcError } from './errors';

export type ComponentUpdateEvent =
  | { readonly preUpdateEvent: { readonly deploymentId: string; readonly isGgcRestarting: boolean } }
  | { readonly postUpdateEvent: { readonly deploymentId: string } };
type Listener = (event: ComponentUpdateEvent) => void;

export class ComponentUpdates {
  private readonly subscribers = new Map<string, Set<Listener>>();
  private pending:
    | { deploymentId: string; answer(component: string, recheckAfterMs: number): void }
    | undefined;

  /** @returns ends the subscription */
  subscribe(component: string, listener: Listener): () => void {
    const listeners = this.subscribers.get(component) ?? new Set();
    this.subscribers.set(component, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.subscribers.get(component) === listeners) {
        this.subscribers.delete(component);
        this.pending?.answer(component, 0);
      }
    };
  }

  /** A component's answer: 0 or nothing agrees, more asks to be asked again after that many milliseconds. */
  defer(component: string, deploymentId: string, recheckAfterMs = 0): void {
    if (!this.subscribers.has(component))
      throw new IpcError('InvalidArgumentsError', 'Component is not subscribed to component update events');
    if (this.pending?.deploymentId !== deploymentId)
      throw new IpcError('ServiceError', `no deployment '${deploymentId}' waits for an answer`);
    this.pending.answer(component, recheckAfterMs);
  }

  /**
   * Resolves when no subscribed component defers any more.
   * @param timeoutMs how long a component may think about each question
   * @throws what `signal` was aborted with
   */
  async waitForAgreement(deploymentId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    while (this.subscribers.size > 0) {
      const deferral = await this.ask(deploymentId, timeoutMs, signal);
      if (deferral === 0) return;
      await sleep(deferral, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  announceDone(deploymentId: string): void {
    this.send({ postUpdateEvent: { deploymentId } });
  }

  /** One round: the longest deferral asked for, 0 when all agree. */
  private ask(deploymentId: string, timeoutMs: number, signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const waiting = new Set(this.subscribers.keys());
      let longest = 0;
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        this.pending = undefined;
      };
      const settle = (): void => {
        finish();
        resolve(longest);
      };
      const abort = (): void => {
        finish();
        reject(signal.reason);
      };
      const timer = setTimeout(settle, timeoutMs);
      signal.addEventListener('abort', abort, { once: true });
      this.pending = {
        deploymentId,
        answer: (component, recheckAfterMs) => {
          longest = Math.max(longest, recheckAfterMs);
          if (waiting.delete(component) && waiting.size === 0) settle();
        },
      };
      this.send({ preUpdateEvent: { deploymentId, isGgcRestarting: false } });
    });
  }

  private send(event: ComponentUpdateEvent): void {
    for (const listeners of [...this.subscribers.values()]) {
      for (const listener of [...listeners]) listener(event);
    }
  }
}
