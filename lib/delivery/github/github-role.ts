import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/** Issuer of the tokens of GitHub Actions. */
export const GITHUB_ISSUER = 'token.actions.githubusercontent.com';
/** What aws-actions/configure-aws-credentials asks GitHub to write the token for. */
export const GITHUB_AUDIENCE = 'sts.amazonaws.com';

export interface GithubRoleProps {
  readonly provider: iam.IOidcProvider;
  readonly roleName: string;
  readonly description: string;
  /** `<owner>/<name>`, spelled as GitHub spells it. */
  readonly repository: string;
  readonly branch: string;
  /** Environment of GitHub that the job declares. */
  readonly githubEnvironment: string;
  /** ARNs of the roles that it may assume, which is all that it may. */
  readonly assumes: readonly string[];
}

/**
 * A role that jobs of GitHub Actions have: they show a token that GitHub has signed, and no key is kept anywhere.
 *
 * Trusted are jobs of one repository, of one of its environments, and of one branch, each by a claim of the token
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html). The subject of a job that declares an
 * environment has no branch in it, so that any branch of whoever may push could deploy; `ref` closes the gap. A pull
 * request's `ref` is `refs/pull/<number>/merge`.
 */
export class GithubRole extends Construct {
  constructor(scope: Construct, id: string, props: GithubRoleProps) {
    super(scope, id);
    const { provider, roleName, description, repository, branch, githubEnvironment, assumes } = props;
    const role = new iam.Role(this, 'Role', {
      roleName,
      description,
      assumedBy: new iam.WebIdentityPrincipal(provider.oidcProviderArn, {
        StringEquals: {
          [`${GITHUB_ISSUER}:aud`]: GITHUB_AUDIENCE,
          [`${GITHUB_ISSUER}:sub`]: `repo:${repository}:environment:${githubEnvironment}`,
          [`${GITHUB_ISSUER}:ref`]: `refs/heads/${branch}`,
        },
      }),
    });
    role.addToPolicy(new iam.PolicyStatement({ actions: ['sts:AssumeRole'], resources: [...assumes] }));
  }
}
