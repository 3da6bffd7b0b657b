import { readIfPresent, replaceFile } from '../shared/durable-file';
import type { AcceptedConfiguration } from './deployed-configuration';

/** Beside the states of the use cases, because it is one for all of them. */
export class AcceptedConfigurationFile implements AcceptedConfiguration {
  constructor(private readonly path: string) {}

  async read(): Promise<unknown> {
    try {
      return JSON.parse((await readIfPresent(this.path)) ?? 'null') ?? undefined;
    } catch {
      // A damaged one is none.
      return undefined;
    }
  }

  write(configuration: unknown): Promise<void> {
    return replaceFile(this.path, JSON.stringify(configuration));
  }
}
