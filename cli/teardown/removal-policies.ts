/** What the data stack's template does with its resources when the stack is deleted, and how to change it. */
import { InputError } from '../shared/errors';
import type { DataResource } from './existing';
import { BUCKETS, KEYS, TABLES } from './holdings';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Metadata?: object;
  readonly DeletionPolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
  readonly Parameters?: object;
}

const HELD_BY_OUTPUT = { ...BUCKETS, ...TABLES, ...KEYS };
const RETAINING = ['Retain', 'RetainExceptOnCreate'];

function referredTo(value: unknown): string | undefined {
  const { Ref, 'Fn::GetAtt': attribute } = (value ?? {}) as { Ref?: string; 'Fn::GetAtt'?: string[] };
  return Ref ?? attribute?.[0];
}

const removalOf = ({ DeletionPolicy = 'Delete' }: Resource): DataResource['removal'] =>
  RETAINING.includes(DeletionPolicy) ? 'keep' : 'delete';

/** @throws InputError when an output of the data stack names no resource of it */
export function dataResources({ Resources, Outputs = {} }: Template): DataResource[] {
  const found = new Map<string, DataResource['holding']>();
  for (const [output, holding] of Object.entries(HELD_BY_OUTPUT)) {
    const logicalId = referredTo(Outputs[output]?.Value);
    if (logicalId === undefined || !Resources[logicalId]) {
      throw new InputError(`data stack: its output ${output} must name a resource of its template`);
    }
    found.set(logicalId, holding);
  }
  for (const [logicalId, { Type, Properties = {} }] of Object.entries(Resources)) {
    if (Type === 'AWS::SageMaker::ModelPackageGroup') found.set(logicalId, 'models');
    // A bucket that stays without its policy would take requests without TLS.
    const holding = found.get(referredTo(Properties.Bucket) ?? '');
    if (Type === 'AWS::S3::BucketPolicy' && holding) found.set(logicalId, holding);
  }
  return [...found].map(([logicalId, holding]) => ({
    logicalId,
    holding,
    removal: removalOf(Resources[logicalId] as Resource),
  }));
}

/**
 * The template with other removals. CloudFormation updates nothing for the sake of DeletionPolicy alone, so metadata
 * changes with it (docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html). A table
 * that goes also loses the protection that DynamoDB itself gives it.
 */
export function withRemovals(
  template: Template,
  removals: Readonly<Record<string, DataResource['removal']>>,
): Template {
  const change = (logicalId: string, resource: Resource): Resource => {
    const removal = removals[logicalId];
    if (removal === undefined) return resource;
    const unprotected = removal === 'delete' && resource.Type === 'AWS::DynamoDB::Table';
    return {
      ...resource,
      DeletionPolicy: removal === 'keep' ? 'Retain' : 'Delete',
      Metadata: { ...resource.Metadata, 'kaizen:removal': removal },
      ...(unprotected && { Properties: { ...resource.Properties, DeletionProtectionEnabled: false } }),
    };
  };
  const resources = Object.entries(template.Resources).map(([id, resource]) => [id, change(id, resource)]);
  return { ...template, Resources: Object.fromEntries(resources) };
}
