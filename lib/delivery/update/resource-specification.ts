import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';

/** What AWS's registry schemas say about the updates of a resource type. */
export interface ResourceSpecification {
  /** Whether its loss is the loss of data. */
  readonly isStateful: boolean;
  /** Properties whose change makes CloudFormation create another resource in its place. */
  readonly createOnly: readonly string[];
  /** Those of them that are a name which the template may choose. */
  readonly names: readonly string[];
}

const UNKNOWN: ResourceSpecification = { isStateful: false, createOnly: [], names: [] };
const database = loadAwsServiceSpecSync();

/** Nothing is known of a type that is not AWS's, such as a custom resource. */
export function resourceSpecification(type: string): ResourceSpecification {
  const [resource] = database.lookup('resource', 'cloudFormationType', 'equals', type);
  if (resource === undefined) return UNKNOWN;
  const createOnly = Object.entries(resource.properties)
    .filter(([, { causesReplacement }]) => (causesReplacement ?? 'no') !== 'no')
    .map(([name]) => name);
  const kind = type.split('::').at(-1) ?? '';
  const identifiers = resource.primaryIdentifier ?? [];
  return {
    isStateful: resource.isStateful ?? false,
    createOnly,
    names: createOnly.filter(
      (name) =>
        ['Name', kind, `${kind}Name`].includes(name) || (identifiers.includes(name) && /Name$/.test(name)),
    ),
  };
}
