import type { Construct } from 'constructs';
import { DeliveredEnvironment } from '../delivered-environment';
import type { Delivery } from '../delivery-config';
import { githubRoleName, roleArn } from '../names';
import { GithubAccessStack } from './github-access-stack';

/**
 * The delivery by GitHub Actions: the environments, as the workflow deploys them, and a stack for each account that lets it.
 * IAM knows no region, so an account has one such stack, wherever its first environment is.
 */
export function addGithubDelivery(scope: Construct, { repository, branch, stages }: Delivery): void {
  const configs = stages.map(({ config }) => config);
  for (const account of new Set(configs.map((config) => config.account))) {
    const environments = configs.filter((config) => config.account === account);
    new GithubAccessStack(scope, `GithubAccess-${account}`, { environments, repository, branch });
  }
  for (const config of configs) {
    new DeliveredEnvironment(scope, config, [roleArn(config, githubRoleName(config, 'deploy'))]);
  }
}
