import { type Application, listOf, type Resource } from './application';
import type { Rule } from './rule';

/** Where the application's code writes objects. */
export interface WrittenPrefix {
  /** Logical id of the bucket. */
  readonly bucket: RegExp;
  /** Ends in `/`. */
  readonly prefix: string;
  /** Written where a setting says so: who may not, does not. @default false */
  readonly isOptional?: boolean;
}

interface Grant {
  readonly holder: Resource;
  readonly bucket: string;
  /** Of the objects, as the policy writes it. */
  readonly key: string;
}

/** Documents of the policies that stand in templates, with the resource that holds them. */
function documents(application: Application): (readonly [Resource, object])[] {
  const policies = application
    .resources('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy')
    .map((holder): [Resource, object] => [holder, holder.properties.PolicyDocument]);
  const inline = application
    .resources('AWS::IAM::Role')
    .flatMap((holder) =>
      listOf<{ PolicyDocument: object }>(holder.properties.Policies).map(
        ({ PolicyDocument }): [Resource, object] => [holder, PolicyDocument],
      ),
    );
  return [...policies, ...inline];
}

const putsObjects = (action: string): boolean => /^(\*|s3:(\*|Put\*|PutObject\*?))$/.test(action);

function writeGrants(application: Application): Grant[] {
  return documents(application).flatMap(([holder, document]) =>
    application
      .statements(holder.stack, document)
      .filter(({ effect, actions }) => effect === 'Allow' && actions.some(putsObjects))
      .flatMap(({ resources }) => resources)
      .flatMap((resource): Grant[] => {
        const [, bucket, key] = /^<(\w+)\.Arn>\/(.*)$/.exec(resource) ?? [];
        return bucket === undefined || key === undefined ? [] : [{ holder, bucket, key }];
      }),
  );
}

/**
 * Grants and the code's prefixes say the same: a grant elsewhere is a right that nothing needs, and a prefix without a
 * grant is an AccessDenied that only the first object below it will show.
 */
export const objectPrefixes = (written: readonly WrittenPrefix[]): Rule => ({
  id: 'S31',
  description:
    'Grants of s3:PutObject and the prefixes that the code writes differ: grant each prefix to who writes it, and nothing else.',
  source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege',
  check: (application) => {
    const grants = writeGrants(application);
    const beyond = grants
      .filter(
        ({ bucket, key }) => !written.some((each) => each.bucket.test(bucket) && key.startsWith(each.prefix)),
      )
      .map(({ holder, bucket, key }) => ({ resource: holder, found: `Beyond::<${bucket}>/${key}` }));
    const denied = application.resources('AWS::S3::Bucket').flatMap((resource) =>
      written
        .filter(({ bucket, isOptional }) => !isOptional && bucket.test(resource.logicalId))
        .filter(
          ({ prefix }) =>
            !grants.some(({ bucket, key }) => bucket === resource.logicalId && key.startsWith(prefix)),
        )
        .map(({ prefix }) => ({ resource, found: `Denied::${prefix}` })),
    );
    return [...beyond, ...denied];
  },
});
