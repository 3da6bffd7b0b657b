/** The body of CreateDeployment, checked (Greengrass V2 service model, CreateDeploymentRequest). */
import Ajv2020 from 'ajv/dist/2020';
import { type DeploymentTarget, parseTargetArn } from './arn';
import { versionProblem } from './component-version';
import type { ComponentUpdate, ComponentUpdateAction, FailureHandlingPolicy } from './deployment-document';
import { type FieldProblem, invalid, invalidFields } from './errors';

export interface ComponentSpecification {
  readonly componentVersion: string;
  readonly configurationUpdate?: { readonly merge?: string; readonly reset?: readonly string[] };
  readonly runWith?: ComponentUpdate['runWith'];
}

export interface DeploymentPolicies {
  readonly failureHandlingPolicy: FailureHandlingPolicy;
  readonly componentUpdatePolicy: {
    readonly timeoutInSeconds: number;
    readonly action: ComponentUpdateAction;
  };
  readonly configurationValidationPolicy: { readonly timeoutInSeconds: number };
}

/** Passed through to IoT Jobs, whose fields differ by name only. */
export interface IotJobConfiguration {
  readonly jobExecutionsRolloutConfig?: Readonly<Record<string, unknown>>;
  readonly abortConfig?: Readonly<Record<string, unknown>>;
  readonly timeoutConfig?: { readonly inProgressTimeoutInMinutes?: number };
}

export interface DeploymentRequest {
  readonly target: DeploymentTarget;
  readonly deploymentName?: string | undefined;
  readonly components: Readonly<Record<string, ComponentSpecification>>;
  readonly policies: DeploymentPolicies;
  readonly iotJobConfiguration?: IotJobConfiguration | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly clientToken?: string | undefined;
}

const seconds = { type: 'integer', minimum: 1 };

const BODY_SCHEMA = {
  type: 'object',
  required: ['targetArn'],
  properties: {
    targetArn: { type: 'string' },
    deploymentName: { type: 'string', minLength: 1, maxLength: 256 },
    components: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['componentVersion'],
        properties: {
          componentVersion: { type: 'string' },
          configurationUpdate: {
            type: 'object',
            properties: {
              merge: { type: 'string' },
              reset: { type: 'array', items: { type: 'string', pattern: '^(/.*)?$', maxLength: 256 } },
            },
          },
          runWith: {
            type: 'object',
            properties: {
              posixUser: { type: 'string' },
              windowsUser: { type: 'string' },
              systemResourceLimits: {
                type: 'object',
                properties: {
                  memory: { type: 'integer', minimum: 0 },
                  cpus: { type: 'number', minimum: 0 },
                },
              },
            },
          },
        },
      },
    },
    deploymentPolicies: {
      type: 'object',
      properties: {
        failureHandlingPolicy: { enum: ['ROLLBACK', 'DO_NOTHING'] },
        componentUpdatePolicy: {
          type: 'object',
          properties: {
            timeoutInSeconds: seconds,
            action: { enum: ['NOTIFY_COMPONENTS', 'SKIP_NOTIFY_COMPONENTS'] },
          },
        },
        configurationValidationPolicy: { type: 'object', properties: { timeoutInSeconds: seconds } },
      },
    },
    iotJobConfiguration: {
      type: 'object',
      properties: {
        jobExecutionsRolloutConfig: { type: 'object' },
        abortConfig: { type: 'object' },
        timeoutConfig: { type: 'object' },
      },
    },
    tags: { type: 'object', additionalProperties: { type: 'string' } },
    clientToken: { type: 'string', minLength: 1, maxLength: 64 },
  },
};

interface Body extends Omit<DeploymentRequest, 'target' | 'policies' | 'components' | 'tags'> {
  readonly targetArn: string;
  readonly parentTargetArn?: string;
  readonly components?: DeploymentRequest['components'];
  readonly tags?: DeploymentRequest['tags'];
  readonly deploymentPolicies?: {
    readonly failureHandlingPolicy?: FailureHandlingPolicy;
    readonly componentUpdatePolicy?: Partial<DeploymentPolicies['componentUpdatePolicy']>;
    readonly configurationValidationPolicy?: Partial<DeploymentPolicies['configurationValidationPolicy']>;
  };
}

const fitsSchema = new Ajv2020({ allErrors: true, strict: true }).compile<Body>(BODY_SCHEMA);

/** @throws ServiceError ValidationException with every field that is wrong */
export function parseDeploymentRequest(body: unknown): DeploymentRequest {
  if (!fitsSchema(body)) {
    throw invalidFields(
      (fitsSchema.errors ?? []).map((error) => ({
        name: error.instancePath.slice(1).replaceAll('/', '.') || 'request',
        message: error.message ?? error.keyword,
      })),
    );
  }
  if (body.parentTargetArn !== undefined)
    throw invalid('Invalid Input: parentTargetArn: there are no subdeployments here');
  const components = body.components ?? {};
  const problems = Object.entries(components).flatMap(([name, component]) =>
    componentProblems(name, component),
  );
  if (problems.length > 0) throw invalidFields(problems);
  return {
    target: parseTargetArn(body.targetArn),
    deploymentName: body.deploymentName,
    components,
    policies: policiesOf(body.deploymentPolicies),
    iotJobConfiguration: body.iotJobConfiguration,
    tags: body.tags ?? {},
    clientToken: body.clientToken,
  };
}

/** Defaults of the service model: roll back, notify components with 60 s, 30 s for configuration validation. */
function policiesOf(given: Body['deploymentPolicies']): DeploymentPolicies {
  return {
    failureHandlingPolicy: given?.failureHandlingPolicy ?? 'ROLLBACK',
    componentUpdatePolicy: {
      timeoutInSeconds: given?.componentUpdatePolicy?.timeoutInSeconds ?? 60,
      action: given?.componentUpdatePolicy?.action ?? 'NOTIFY_COMPONENTS',
    },
    configurationValidationPolicy: {
      timeoutInSeconds: given?.configurationValidationPolicy?.timeoutInSeconds ?? 30,
    },
  };
}

function componentProblems(name: string, component: ComponentSpecification): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const version = versionProblem(component.componentVersion);
  if (version)
    problems.push({
      name: `components.${name}.componentVersion`,
      message: `${component.componentVersion} ${version}`,
    });
  const merge = component.configurationUpdate?.merge;
  if (merge !== undefined && !isJsonObject(merge))
    problems.push({
      name: `components.${name}.configurationUpdate.merge`,
      message: 'is not the JSON text of an object',
    });
  return problems;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
