import { type ComponentConfiguration, problemsOf } from '../../../../contracts';
import { expandTopic } from './topics';

/** Either the configuration, or everything that is wrong with it. */
export type ConfigurationReading =
  | { readonly ok: true; readonly configuration: ComponentConfiguration }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads what `GetConfiguration` answered. Never throws: a bad update must leave the configuration before in force. */
export function readConfiguration(value: unknown, thingName: string): ConfigurationReading {
  const problems = problemsOf('component-configuration', value);
  if (problems.length > 0) return { ok: false, problems };
  const configuration = value as ComponentConfiguration;
  for (const field of ['resultsTopic', 'statusTopic'] as const) {
    try {
      expandTopic(configuration[field], thingName);
    } catch (error) {
      problems.push(`${field}: ${(error as Error).message}`);
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, configuration };
}

/** `limits` with the contract's defaults. */
export function limitsOf(
  configuration: ComponentConfiguration,
): Required<NonNullable<ComponentConfiguration['limits']>> {
  return {
    maximumPixels: 16_777_216,
    maximumFrameBytes: 16_777_216,
    frameQueueLength: 4,
    ...configuration.limits,
  };
}

/** For how many frames the previous release runs beside a new one. */
export const shadowFramesOf = (configuration: ComponentConfiguration): number =>
  configuration.shadow?.frames ?? 500;

export const statusIntervalMilliseconds = (configuration: ComponentConfiguration): number =>
  (configuration.statusIntervalSeconds ?? 60) * 1000;
