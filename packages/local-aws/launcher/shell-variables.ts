/** A running local AWS, told to other processes by variables. */
import type { LocalAws } from './start-local-aws';

/** What a core device, or anybody else, needs to know of it. */
export type ReachableAws = Pick<LocalAws, 'endpointUrl' | 'environment' | 'iot' | 'gateway'>;

const MQTT = 'LOCAL_AWS_MQTT';
const MQTT_CA = 'LOCAL_AWS_MQTT_CA';
const GATEWAY = 'LOCAL_AWS_GATEWAY';
const GATEWAY_CA = 'LOCAL_AWS_GATEWAY_CA';
const ENDPOINT = 'AWS_ENDPOINT_URL';
/** Those of {@link LocalAws.environment}. */
const FOR_PROGRAMS = [
  ENDPOINT,
  'AWS_ENDPOINT_URL_SAGEMAKER',
  'AWS_ENDPOINT_URL_GREENGRASSV2',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
] as const;

/** Lines for a shell to source: endpoints, credentials, and where devices connect. */
export function shellVariables(aws: ReachableAws): string {
  const lines = Object.entries({
    ...aws.environment,
    [MQTT]: `${aws.iot.host}:${aws.iot.port}`,
    [MQTT_CA]: aws.iot.caPath,
    [GATEWAY]: aws.gateway.url,
    [GATEWAY_CA]: aws.gateway.caPath,
  }).map(([name, value]) => `export ${name}=${value}`);
  return `${lines.join('\n')}\n`;
}

/**
 * The local AWS whose variables a process was given.
 * @returns the names of the variables that are missing, where some are
 */
export function reachableAws(
  variables: NodeJS.ProcessEnv,
): ReachableAws | { readonly missing: readonly string[] } {
  const missing = [...FOR_PROGRAMS, MQTT, MQTT_CA, GATEWAY, GATEWAY_CA].filter((name) => !variables[name]);
  if (missing.length > 0) return { missing };
  const value = (name: string): string => variables[name] as string;
  const at = value(MQTT).lastIndexOf(':');
  return {
    endpointUrl: value(ENDPOINT),
    environment: Object.fromEntries(FOR_PROGRAMS.map((name) => [name, value(name)])),
    iot: { host: value(MQTT).slice(0, at), port: Number(value(MQTT).slice(at + 1)), caPath: value(MQTT_CA) },
    gateway: { url: value(GATEWAY), caPath: value(GATEWAY_CA) },
  };
}
