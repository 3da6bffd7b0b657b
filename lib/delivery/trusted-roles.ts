import type { Delivery } from './delivery-config';
import { BOOTSTRAP_ROLES, bootstrapRoleArn } from './names';

/** A role of the bootstrap stack that the delivery assumes. */
export interface BootstrapTrust {
  readonly environment: string;
  readonly arn: string;
  /** The command that makes it, and lets the account of the pipeline assume it. */
  readonly madeBy: string;
}

/** Least bootstrap command of an environment whose deployments come from another account. */
const bootstrapCommand = (target: string, from: string): string =>
  `npx cdk bootstrap ${target} --trust ${from} --trust-for-lookup ${from} --cloudformation-execution-policies <policy arn>`;

/** Every role of every environment that the pipeline's account has to be trusted by. */
export function bootstrapTrusts({ stages, pipeline }: Delivery): BootstrapTrust[] {
  return stages.flatMap(({ config }) =>
    BOOTSTRAP_ROLES.map((role) => ({
      environment: config.environmentName,
      arn: bootstrapRoleArn(config, role),
      madeBy: bootstrapCommand(`aws://${config.account}/${config.region}`, pipeline.account),
    })),
  );
}
