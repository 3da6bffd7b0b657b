import { DefaultStackSynthesizer } from 'aws-cdk-lib';
import { environmentPrefix, type NameScope } from '../../lambda/shared/names';
import { type AppConfig, DELIVERY_FILE } from '../shared/app-config';

type Scope = Pick<NameScope, 'environmentName'>;
type Place = Pick<AppConfig, 'account' | 'region'>;

/** Begins the name of what delivers; no environment has this name (lib/shared/app-config.ts). */
const DELIVERY_PREFIX = environmentPrefix({ environmentName: DELIVERY_FILE });
/** Of the pipeline, and of its stack. */
export const PIPELINE_NAME = DELIVERY_PREFIX;
export const GITHUB_STACK = `${DELIVERY_PREFIX}-github`;

/** Role of an environment's account that verifies it after a deployment. */
export const verifierRoleName = (scope: Scope): string => `${environmentPrefix(scope)}-verifier`;
/** Roles of an environment's account that jobs of GitHub Actions assume: to deploy, and to look before and after. */
export const githubRoleName = (scope: Scope, purpose: 'deploy' | 'review'): string =>
  `${environmentPrefix(scope)}-github-${purpose}`;
/**
 * Environment of GitHub in which the page is written. Another one than the environment's own, where jobs wait for whoever
 * approves by that page.
 */
export const githubReviewEnvironment = ({ environmentName }: Scope): string => `${environmentName}-review`;
/** Role of the pipeline's account whose builds look at environments: before, after and between deployments. */
export const INSPECTOR_ROLE = `${DELIVERY_PREFIX}-inspector`;

/** ARN of a role in the partition `aws`. */
export const roleArn = ({ account }: Pick<Place, 'account'>, name: string): string =>
  `arn:aws:iam::${account}:role/${name}`;

/** Roles of the CDK's bootstrap stack that a deployment assumes: there are no container images to publish. */
export const BOOTSTRAP_ROLES = ['deploy', 'file-publishing', 'lookup'] as const;

/** ARN of a role as `cdk bootstrap` makes it in an account and region. */
export const bootstrapRoleArn = (
  { account, region }: Place,
  role: (typeof BOOTSTRAP_ROLES)[number],
): string =>
  roleArn({ account }, `cdk-${DefaultStackSynthesizer.DEFAULT_QUALIFIER}-${role}-role-${account}-${region}`);
