/** Lets running components accept or reject a configuration before it is deployed (`DynamicComponentConfigurationValidator.java`). */
import type { JsonObject } from '../configuration/configuration-tree';
import { IpcError } from './errors';

type Listener = (event: { configuration: JsonObject; deploymentId: string }) => void;
interface Verdict {
  readonly status: 'ACCEPTED' | 'REJECTED';
  readonly message?: string;
}

export class ConfigurationValidation {
  private readonly validators = new Map<string, Listener>();
  private readonly pending = new Map<string, (verdict: Verdict) => void>();

  /** The latest subscription of a component counts. @returns ends the subscription */
  subscribe(component: string, listener: Listener): () => void {
    this.validators.set(component, listener);
    return () => {
      if (this.validators.get(component) === listener) this.validators.delete(component);
    };
  }

  report(component: string, deploymentId: string, verdict: Verdict): void {
    const answer = this.pending.get(`${component} ${deploymentId}`);
    if (!answer)
      throw new IpcError('InvalidArgumentsError', 'Validation request either timed out or was never made');
    answer(verdict);
  }

  /**
   * @returns why the component rejects the configuration; undefined when it accepts or does not validate
   */
  async validate(
    component: string,
    deploymentId: string,
    configuration: JsonObject,
    timeoutMs: number,
  ): Promise<string | undefined> {
    const validator = this.validators.get(component);
    if (!validator) return undefined;
    const key = `${component} ${deploymentId}`;
    const verdict = await new Promise<Verdict>((resolve) => {
      const timer = setTimeout(
        () => resolve({ status: 'REJECTED', message: `no answer within ${timeoutMs} ms` }),
        timeoutMs,
      );
      this.pending.set(key, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      validator({ configuration, deploymentId });
    });
    this.pending.delete(key);
    return verdict.status === 'REJECTED' ? (verdict.message ?? 'no reason given') : undefined;
  }
}
