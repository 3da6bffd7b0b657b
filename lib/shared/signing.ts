import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';

/** Allows `grantee` to sign releases and to read the public key, and nothing else with the key. */
export function grantSign(signingKey: kms.IKey, grantee: iam.IGrantable): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new iam.PolicyStatement({
      sid: 'SignReleases',
      actions: ['kms:Sign', 'kms:GetPublicKey'],
      resources: [signingKey.keyArn],
    }),
  );
}
