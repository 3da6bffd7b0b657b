/** Settings of one core device, from a JSON file. */
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { NUCLEUS_NAMES, type NucleusName } from './nucleus/nuclei';

export interface CoreDeviceConfig {
  /** IoT thing name, also the MQTT client id. */
  readonly thingName: string;
  /** The device's folder; it is made when missing and everything that must survive lies there. */
  readonly rootPath: string;
  readonly region: string;
  readonly accountId: string;
  /** AWS IoT Core's MQTT endpoint. */
  readonly mqtt: { readonly host: string; readonly port: number };
  /** HTTPS with client certificates: credentials provider and Greengrass data plane. */
  readonly gatewayUrl: string;
  readonly gatewayCaPath: string;
  /** Where S3 is, for the downloads of artifacts. In AWS leave it out. */
  readonly awsEndpointUrl?: string;
  readonly iotCaPath: string;
  readonly certificatePath: string;
  readonly privateKeyPath: string;
  readonly roleAlias: string;
  /** Extra variables for components, such as AWS_ENDPOINT_URL. In AWS there are none. */
  readonly componentEnvironment?: Readonly<Record<string, string>>;
  /** Which of the two nuclei the device behaves as. @default 'classic' */
  readonly nucleus?: NucleusName;
  /**
   * Whether the classic nucleus spools messages to the cloud in memory, as it does by default, or refuses them while it is
   * offline, which shows a component's own outbox at work. @default false
   */
  readonly spoolsMessages?: boolean;
  /** @default 86400, the nucleus's cadence (`FleetStatusService.java`) */
  readonly healthIntervalSeconds?: number;
}

const path = { type: 'string', minLength: 1, maxLength: 4096 };
const url = { type: 'string', format: 'uri', pattern: '^https?://' };
const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: [
    'thingName',
    'rootPath',
    'region',
    'accountId',
    'mqtt',
    'gatewayUrl',
    'gatewayCaPath',
    'iotCaPath',
    'certificatePath',
    'privateKeyPath',
    'roleAlias',
  ],
  properties: {
    // 124: the longest core device name (Greengrass quotas). No slashes: it is a level of topics.
    thingName: { type: 'string', pattern: '^[a-zA-Z0-9:_-]{1,124}$' },
    rootPath: { ...path, pattern: '^/' },
    region: { type: 'string', pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]$' },
    accountId: { type: 'string', pattern: '^[0-9]{12}$' },
    mqtt: {
      type: 'object',
      additionalProperties: false,
      required: ['host', 'port'],
      properties: {
        host: { type: 'string', minLength: 1, maxLength: 253 },
        port: { type: 'integer', minimum: 1, maximum: 65535 },
      },
    },
    gatewayUrl: url,
    gatewayCaPath: path,
    awsEndpointUrl: url,
    iotCaPath: path,
    certificatePath: path,
    privateKeyPath: path,
    roleAlias: { type: 'string', pattern: '^[\\w=,@-]{1,128}$' },
    componentEnvironment: {
      type: 'object',
      propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
      additionalProperties: { type: 'string' },
    },
    nucleus: { enum: NUCLEUS_NAMES },
    spoolsMessages: { type: 'boolean' },
    healthIntervalSeconds: { type: 'number', minimum: 1 },
  },
};

const ajv = new Ajv2020({ allErrors: true, strict: true });
addFormats(ajv);
const validate = ajv.compile<CoreDeviceConfig>(SCHEMA);

/** The configuration of a core device is wrong; lists every problem. */
export class CoreDeviceConfigError extends Error {
  override readonly name = 'CoreDeviceConfigError';
  constructor(
    readonly source: string,
    readonly problems: readonly string[],
  ) {
    super(`${source} is no core device configuration:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
  }
}

/**
 * @param source what `value` is, for the message
 * @throws CoreDeviceConfigError with every problem
 */
export function parseCoreDeviceConfig(value: unknown, source: string): CoreDeviceConfig {
  if (validate(value)) return value;
  const problems = (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const field = instancePath === '' ? '(root)' : instancePath.slice(1).replaceAll('/', '.');
    const extra = params.additionalProperty === undefined ? '' : `: '${params.additionalProperty}'`;
    return `${field}: ${message}${extra}`;
  });
  throw new CoreDeviceConfigError(source, problems);
}

/** @throws CoreDeviceConfigError, also when the file cannot be read or is not JSON */
export function readCoreDeviceConfig(file: string): CoreDeviceConfig {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CoreDeviceConfigError(file, [(error as Error).message]);
  }
  return parseCoreDeviceConfig(value, file);
}
