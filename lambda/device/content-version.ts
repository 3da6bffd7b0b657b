import { createHash } from 'node:crypto';

/** Greengrass allows no larger number in a component version. */
const NUMBERS = 1_000_000;

/**
 * A component version that follows from the content: `1.<a>.<b>` with a and b below 1,000,000. The same content
 * has the same version everywhere; a million contents have even odds to hold two that share one.
 */
export function contentVersion(content: string): string {
  const digest = createHash('sha256').update(content).digest();
  return `1.${digest.readUInt32BE(0) % NUMBERS}.${digest.readUInt32BE(4) % NUMBERS}`;
}
