/**
 * What a request needs of its caller: actions, resources and dependent actions of
 * docs.aws.amazon.com/service-authorization/latest/reference/list_awsiotgreengrassv2.html
 */
import type { AccessCheck } from '../iam/iam';
import { type DeploymentTarget, parseTargetArn, type Scope } from './arn';
import { parseRecipe } from './recipe';

/** The parts of a request that say what it is about. */
export interface AccessRequest {
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}

/** Operations by method and path, as the server has them. */
export const OPERATIONS: Readonly<Record<string, string>> = {
  'POST /greengrass/v2/createComponentVersion': 'CreateComponentVersion',
  'POST /greengrass/v2/resolveComponentCandidates': 'ResolveComponentCandidates',
  'GET /greengrass/v2/components': 'ListComponents',
  'GET /greengrass/v2/components/:arn': 'GetComponent',
  'GET /greengrass/v2/components/:arn/metadata': 'DescribeComponent',
  'GET /greengrass/v2/components/:arn/versions': 'ListComponentVersions',
  'GET /greengrass/v2/components/:arn/artifacts/*': 'GetComponentVersionArtifact',
  'DELETE /greengrass/v2/components/:arn': 'DeleteComponent',
  'POST /greengrass/v2/deployments': 'CreateDeployment',
  'GET /greengrass/v2/deployments': 'ListDeployments',
  'GET /greengrass/v2/deployments/:id': 'GetDeployment',
  'POST /greengrass/v2/deployments/:id/cancel': 'CancelDeployment',
  'DELETE /greengrass/v2/deployments/:id': 'DeleteDeployment',
  'GET /greengrass/v2/coreDevices': 'ListCoreDevices',
  'GET /greengrass/v2/coreDevices/:thing': 'GetCoreDevice',
  'DELETE /greengrass/v2/coreDevices/:thing': 'DeleteCoreDevice',
  'GET /greengrass/v2/coreDevices/:thing/effectiveDeployments': 'ListEffectiveDeployments',
  'GET /greengrass/v2/coreDevices/:thing/installedComponents': 'ListInstalledComponents',
  'GET /tags/:arn': 'ListTagsForResource',
  'POST /tags/:arn': 'TagResource',
  'DELETE /tags/:arn': 'UntagResource',
};

const READ = ['DescribeJob', 'DescribeThing', 'DescribeThingGroup', 'GetThingShadow'];
const CHANGE = [...READ, 'CancelJob', 'UpdateJob', 'UpdateThingShadow', 'DeleteThingShadow'];

/** What Greengrass does in AWS IoT with the rights of its caller: the column "Dependent actions". */
const DEPENDENTS: Readonly<Record<string, readonly string[]>> = {
  CreateDeployment: [...CHANGE, 'CreateJob'],
  CancelDeployment: CHANGE,
  GetDeployment: READ,
  ListDeployments: READ,
  ListEffectiveDeployments: [...READ, 'DescribeJobExecution'],
};

type Names = { readonly [Kind in DeploymentTarget['kind']]?: string | undefined };

/** The operation, and what it takes; `*` stands for names that only the service knows. */
export class GreengrassAccess {
  constructor(private readonly scope: Scope) {}

  /** @throws ServiceError ValidationException when the request does not say what it is about */
  checks(operation: string, request: AccessRequest): AccessCheck[] {
    const context = tagContext(request);
    return [
      ...this.resources(operation, request).map((resource) => ({
        action: `greengrass:${operation}`,
        resource,
        context,
      })),
      ...this.dependents(operation, request),
    ];
  }

  private resources(operation: string, { params, body }: AccessRequest): string[] {
    const own = (rest: string) => `arn:aws:greengrass:${this.scope.region}:${this.scope.accountId}:${rest}`;
    switch (operation) {
      case 'CreateComponentVersion':
        return [own(`components:${recipeName(body)}`)];
      case 'ResolveComponentCandidates':
        return candidateNames(body).map((name) => own(`components:${name}:versions:*`));
      // The actions have no resource type, whatever the request names.
      case 'CreateDeployment':
      case 'ListDeployments':
      case 'ListComponents':
      case 'ListCoreDevices':
        return ['*'];
    }
    if (params.arn !== undefined) return [params.arn];
    return [own(params.id === undefined ? `coreDevices:${params.thing}` : `deployments:${params.id}`)];
  }

  private dependents(operation: string, { params, query, body }: AccessRequest): AccessCheck[] {
    const { targetArn } = (body ?? {}) as { targetArn?: unknown };
    const named = query.targetArn ?? targetArn;
    const target = typeof named === 'string' ? parseTargetArn(named) : undefined;
    const names: Names = { thing: params.thing, ...(target && { [target.kind]: target.name }) };
    return (DEPENDENTS[operation] ?? []).flatMap((action) =>
      this.iotResources(action, names, target).map((resource) => ({ action: `iot:${action}`, resource })),
    );
  }

  private iotResources(action: string, names: Names, target: DeploymentTarget | undefined): string[] {
    const iot = (type: string, name = '*') =>
      `arn:aws:iot:${this.scope.region}:${this.scope.accountId}:${type}/${name}`;
    if (action === 'CreateJob') return [iot('job'), target?.arn ?? '*'];
    if (action === 'DescribeJobExecution') return [iot('job'), iot('thing', names.thing)];
    if (action === 'DescribeThingGroup') return [iot('thinggroup', names.thinggroup)];
    return [action.endsWith('Job') ? iot('job') : iot('thing', names.thing)];
  }
}

function recipeName(body: unknown): string {
  const { inlineRecipe } = (body ?? {}) as { inlineRecipe?: unknown };
  if (typeof inlineRecipe !== 'string') return '*';
  return parseRecipe(Buffer.from(inlineRecipe, 'base64')).recipe.ComponentName;
}

function candidateNames(body: unknown): string[] {
  const { componentCandidates = [] } = (body ?? {}) as { componentCandidates?: unknown };
  const names = Array.isArray(componentCandidates)
    ? componentCandidates.map((one: { componentName?: unknown }) => String(one.componentName))
    : [];
  return names.length === 0 ? ['*'] : names;
}

/** Of tags that are given, or keys that are taken away. */
function tagContext({ body, query }: AccessRequest): NonNullable<AccessCheck['context']> {
  const { tags = {} } = (body ?? {}) as { tags?: Record<string, string> };
  const keys = [...Object.keys(tags), ...[query.tagKeys ?? []].flat()];
  const values = Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, String(value)]);
  return { ...Object.fromEntries(values), ...(keys.length > 0 && { 'aws:TagKeys': keys }) };
}

/** What reading an artifact takes. */
export function artifactCheck(uri: string): AccessCheck {
  return { action: 's3:GetObject', resource: uri.replace(/^s3:\/\//, 'arn:aws:s3:::') };
}
