import { RemovalPolicy } from 'aws-cdk-lib';
import type { AppConfig } from './app-config';

/** What becomes of a stateful resource when it leaves its stack. */
export function removalPolicy(config: AppConfig): RemovalPolicy {
  return config.removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}

/** Whether a stack refuses to be deleted. */
export function terminationProtection(config: AppConfig): boolean {
  return config.removal === 'retain';
}
