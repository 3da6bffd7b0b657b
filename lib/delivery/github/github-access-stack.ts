import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { AppConfig } from '../../shared/app-config';
import {
  BOOTSTRAP_ROLES,
  bootstrapRoleArn,
  GITHUB_STACK,
  githubRoleName,
  roleArn,
  verifierRoleName,
} from '../names';

const ISSUER = 'token.actions.githubusercontent.com';
/** What aws-actions/configure-aws-credentials asks GitHub to write the token for. */
const AUDIENCE = 'sts.amazonaws.com';

export interface GithubDeployRoleProps {
  readonly config: AppConfig;
  readonly provider: iam.IOidcProvider;
  /** `<owner>/<name>`, spelled as GitHub spells it. */
  readonly repository: string;
  readonly branch: string;
}

/**
 * The role that jobs of GitHub Actions have in an environment's account: they show a token that GitHub has signed, and no
 * key is kept anywhere. It may do nothing but assume the roles of the CDK's bootstrap stack, and the verifier's.
 *
 * Trusted are jobs of one repository, of its GitHub environment of the same name, and of one branch, each by a claim of the
 * token (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html). A job that declares an
 * environment has a subject without the branch, and one that declares none has none with the environment; `ref` closes the
 * gap, in which a branch of whoever may push could have deployed. A pull request's `ref` is `refs/pull/<n>/merge`.
 */
export class GithubDeployRole extends Construct {
  constructor(scope: Construct, id: string, { config, provider, repository, branch }: GithubDeployRoleProps) {
    super(scope, id);
    const role = new iam.Role(this, 'Role', {
      roleName: githubRoleName(config),
      description: `Jobs of ${repository} on ${branch} that deploy ${config.environmentName}`,
      assumedBy: new iam.WebIdentityPrincipal(provider.oidcProviderArn, {
        StringEquals: {
          [`${ISSUER}:aud`]: AUDIENCE,
          [`${ISSUER}:sub`]: `repo:${repository}:environment:${config.environmentName}`,
          [`${ISSUER}:ref`]: `refs/heads/${branch}`,
        },
      }),
    });
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['sts:AssumeRole'],
        resources: [
          ...BOOTSTRAP_ROLES.map((each) => bootstrapRoleArn(config, each)),
          roleArn(config, verifierRoleName(config)),
        ],
      }),
    );
  }
}

export interface GithubAccessStackProps {
  /** All of one account and region. */
  readonly environments: readonly AppConfig[];
  readonly repository: string;
  readonly branch: string;
}

/** What GitHub Actions needs once in each account: who signs its tokens, and a role for each environment there. */
export class GithubAccessStack extends Stack {
  constructor(scope: Construct, id: string, { environments, ...trusted }: GithubAccessStackProps) {
    const [first] = environments;
    super(scope, id, {
      stackName: GITHUB_STACK,
      description: 'Kaizen Edge: lets jobs of GitHub Actions deploy',
      ...(first && { env: { account: first.account, region: first.region } }),
    });
    const provider = new iam.OidcProviderNative(this, 'GitHub', {
      url: `https://${ISSUER}`,
      clientIds: [AUDIENCE],
    });
    for (const config of environments) {
      new GithubDeployRole(this, `Deploy-${config.environmentName}`, { ...trusted, config, provider });
    }
  }
}
