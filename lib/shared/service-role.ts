import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * A role that one AWS service may assume, and only on behalf of this account: without the conditions anybody's
 * resource in that service could borrow it (the confused deputy).
 * @param sourceArn ARN pattern of the resources on whose behalf the service acts
 */
export function serviceRole(scope: Construct, id: string, service: string, sourceArn?: string): iam.Role {
  const conditions = {
    StringEquals: { 'aws:SourceAccount': Stack.of(scope).account },
    ...(sourceArn !== undefined && { ArnLike: { 'aws:SourceArn': sourceArn } }),
  };
  return new iam.Role(scope, id, { assumedBy: new iam.ServicePrincipal(service, { conditions }) });
}
