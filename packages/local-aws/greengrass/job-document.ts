/** From a deployment to the IoT job document that carries it to devices. */
import type { ComponentUpdate, DeploymentDocument } from './deployment-document';
import type { ComponentSpecification, DeploymentRequest } from './deployment-request';
import { invalid } from './errors';

/**
 * Without the capability LARGE_CONFIGURATION, which the local core device does not announce
 * (docs.aws.amazon.com/general/latest/gr/greengrassv2.html): 7 KB to a thing, 31 KB to a thing group.
 */
const LARGEST_DOCUMENT_BYTES = { thing: 7 * 1024, thinggroup: 31 * 1024 } as const;

export interface DeploymentIdentity {
  readonly deploymentId: string;
  readonly configurationArn: string;
  readonly createdAt: Date;
}

/** @throws ServiceError ValidationException when the document is larger than a device would get */
export function jobDocument(identity: DeploymentIdentity, request: DeploymentRequest): string {
  const { policies, target } = request;
  const document: DeploymentDocument = {
    deploymentId: identity.deploymentId,
    ...(request.deploymentName === undefined ? {} : { deploymentName: request.deploymentName }),
    configurationArn: identity.configurationArn,
    components: Object.fromEntries(
      Object.entries(request.components).map(([name, component]) => [name, componentUpdate(component)]),
    ),
    failureHandlingPolicy: policies.failureHandlingPolicy,
    componentUpdatePolicy: {
      timeout: policies.componentUpdatePolicy.timeoutInSeconds,
      action: policies.componentUpdatePolicy.action,
    },
    configurationValidationPolicy: { timeout: policies.configurationValidationPolicy.timeoutInSeconds },
    requiredCapabilities: [],
    creationTimestamp: identity.createdAt.getTime(),
  };
  const text = JSON.stringify(document);
  const most = LARGEST_DOCUMENT_BYTES[target.kind];
  if (Buffer.byteLength(text) > most)
    throw invalid(
      `Invalid Input: the deployment document has ${Buffer.byteLength(text)} bytes, the most for a ${target.kind} is ${most}`,
    );
  return text;
}

function componentUpdate({
  componentVersion,
  configurationUpdate,
  runWith,
}: ComponentSpecification): ComponentUpdate {
  const { merge, reset } = configurationUpdate ?? {};
  return {
    version: componentVersion,
    ...(configurationUpdate && {
      configurationUpdate: {
        ...(merge === undefined ? {} : { merge: JSON.parse(merge) as Record<string, unknown> }),
        ...(reset === undefined ? {} : { reset }),
      },
    }),
    ...(runWith && { runWith }),
  };
}
