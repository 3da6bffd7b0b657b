import type { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

/** Allows `grantee` to describe the model packages of one group. */
export function grantReadModelPackages(
  grantee: iam.IGrantable & { readonly stack: Stack },
  modelPackageGroupName: string,
): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'ReadModelPackages',
      actions: ['sagemaker:DescribeModelPackage'],
      resources: [
        grantee.stack.formatArn({
          service: 'sagemaker',
          resource: 'model-package',
          resourceName: `${modelPackageGroupName}/*`,
        }),
      ],
    }),
  );
}
