import { RemovalPolicy } from 'aws-cdk-lib';
import type { AppConfig } from './app-config';

/**
 * What becomes of a stateful resource when it leaves its stack. One that was made by a deployment which is rolled back
 * holds nothing yet and goes, so that its name is free when the deployment is repeated.
 */
export function removalPolicy(config: Pick<AppConfig, 'removal'>): RemovalPolicy {
  return config.removal === 'retain' ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}

/**
 * The same for what is protected from deletion by itself: a roll-back that tried to delete it would fail, and its stack
 * with it. Such a resource stays behind, and so must have no name of its own.
 */
export function protectedRemovalPolicy(config: AppConfig): RemovalPolicy {
  return config.removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}

/** Whether a stack refuses to be deleted. */
export function terminationProtection(config: AppConfig): boolean {
  return config.removal === 'retain';
}
