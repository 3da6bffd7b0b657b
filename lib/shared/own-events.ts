import type { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { eventSource } from '../../lambda/shared/names';
import type { AppConfig } from './app-config';

/** Allows `grantee` to put the environment's own events on the default bus, under no other source. */
export function grantPutOwnEvents(
  grantee: iam.IGrantable & { readonly stack: Stack },
  config: AppConfig,
): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'PutOwnEvents',
      actions: ['events:PutEvents'],
      resources: [
        grantee.stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' }),
      ],
      // One call may carry events of several sources: each of them must be ours.
      conditions: { 'ForAllValues:StringEquals': { 'events:source': eventSource(config) } },
    }),
  );
}
