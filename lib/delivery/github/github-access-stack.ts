import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { AppConfig } from '../../shared/app-config';
import {
  BOOTSTRAP_ROLES,
  bootstrapRoleArn,
  GITHUB_STACK,
  githubReviewEnvironment,
  githubRoleName,
  roleArn,
  verifierRoleName,
} from '../names';
import { GITHUB_AUDIENCE, GITHUB_ISSUER, GithubRole } from './github-role';

export interface GithubAccessStackProps {
  /** All of one account. */
  readonly environments: readonly AppConfig[];
  /** `<owner>/<name>` */
  readonly repository: string;
  readonly branch: string;
}

/**
 * What GitHub Actions needs once in each account: who signs its tokens, and for each environment there a role that deploys and
 * verifies it, and one that only looks.
 */
export class GithubAccessStack extends Stack {
  constructor(scope: Construct, id: string, { environments, ...trusted }: GithubAccessStackProps) {
    const [first] = environments;
    super(scope, id, {
      stackName: GITHUB_STACK,
      description: 'Kaizen Edge: lets jobs of GitHub Actions deploy',
      ...(first && { env: { account: first.account, region: first.region } }),
    });
    const provider = new iam.OidcProviderNative(this, 'GitHub', {
      url: `https://${GITHUB_ISSUER}`,
      clientIds: [GITHUB_AUDIENCE],
    });
    for (const config of environments) {
      const name = config.environmentName;
      new GithubRole(this, `Deploy-${name}`, {
        ...trusted,
        provider,
        roleName: githubRoleName(config, 'deploy'),
        description: `Deploys ${name} and verifies it`,
        githubEnvironment: name,
        assumes: [
          ...BOOTSTRAP_ROLES.map((role) => bootstrapRoleArn(config, role)),
          roleArn(config, verifierRoleName(config)),
        ],
      });
      new GithubRole(this, `Review-${name}`, {
        ...trusted,
        provider,
        roleName: githubRoleName(config, 'review'),
        description: `Writes what a deployment to ${name} would change, and whether somebody has changed it by hand`,
        githubEnvironment: githubReviewEnvironment(config),
        assumes: [bootstrapRoleArn(config, 'lookup')],
      });
    }
  }
}
