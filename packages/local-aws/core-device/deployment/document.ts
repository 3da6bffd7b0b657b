import Ajv2020 from 'ajv/dist/2020';
import type { DeploymentDocument } from '../../greengrass/deployment-document';
import { DeploymentError } from './errors';

/** What a deployment is for: its target and which of the target's revisions it is. */
export interface DeploymentTarget {
  /** `thinggroup/<name>` or `thing/<name>`. */
  readonly name: string;
  readonly revision: number;
}

const policy = (properties: object) => ({ type: 'object', properties, required: Object.keys(properties) });
const SCHEMA = {
  type: 'object',
  required: [
    'deploymentId',
    'configurationArn',
    'components',
    'failureHandlingPolicy',
    'componentUpdatePolicy',
    'configurationValidationPolicy',
    'creationTimestamp',
  ],
  properties: {
    deploymentId: { type: 'string', minLength: 1 },
    configurationArn: { type: 'string', pattern: ':configuration:(thing|thinggroup)/[^:/]+:[0-9]+$' },
    components: {
      type: 'object',
      propertyNames: { pattern: '^[a-zA-Z0-9-_.]{1,128}$' },
      additionalProperties: {
        type: 'object',
        required: ['version'],
        properties: {
          version: { type: 'string', minLength: 1 },
          configurationUpdate: {
            type: 'object',
            properties: {
              merge: { type: 'object' },
              reset: { type: 'array', items: { type: 'string', pattern: '^(/.*)?$' } },
            },
          },
        },
      },
    },
    failureHandlingPolicy: { enum: ['ROLLBACK', 'DO_NOTHING'] },
    componentUpdatePolicy: policy({
      timeout: { type: 'number', minimum: 0 },
      action: { enum: ['NOTIFY_COMPONENTS', 'SKIP_NOTIFY_COMPONENTS'] },
    }),
    configurationValidationPolicy: policy({ timeout: { type: 'number', minimum: 0 } }),
    requiredCapabilities: { type: 'array', items: { type: 'string' } },
    creationTimestamp: { type: 'number' },
  },
};

const validate = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
}).compile<DeploymentDocument>(SCHEMA);

/** @throws DeploymentError with every problem of the document, or the capability that this device lacks */
export function parseDeploymentDocument(value: unknown): DeploymentDocument {
  if (!validate(value)) {
    const problems = (validate.errors ?? []).map(
      (error) => `${error.instancePath || '(root)'} ${error.message}`,
    );
    throw new DeploymentError(
      `the deployment document is not valid: ${problems.join('; ')}`,
      'DEPLOYMENT_DOCUMENT_NOT_VALID',
    );
  }
  const missing = value.requiredCapabilities ?? [];
  if (missing.length > 0)
    throw new DeploymentError(
      `the deployment needs capabilities that this device lacks: ${missing.join(', ')}`,
      'NUCLEUS_MISSING_REQUIRED_CAPABILITIES',
    );
  return value;
}

export function targetOf(configurationArn: string): DeploymentTarget {
  const match = /:configuration:((?:thing|thinggroup)\/[^:/]+):([0-9]+)$/.exec(configurationArn);
  if (!match?.[1] || !match[2]) throw new Error(`no configuration ARN: ${configurationArn}`);
  return { name: match[1], revision: Number(match[2]) };
}
