import type { TrustedKeys } from '../../../../contracts';
import { verifyEnvelopeSignature } from './envelope-signature';
import type { ReleaseStore, StoredReference, StoredRelease } from './ports';
import { ReleaseRefusal } from './release-transitions';
import { parseEnvelope } from './release-verification';
import { loadServing, type SelfTestPorts } from './self-test';
import type { ActiveRelease } from './serving-slot';

export interface RestorePorts extends SelfTestPorts {
  readonly store: ReleaseStore;
  readonly trustedKeys: () => Promise<TrustedKeys['keys']>;
}

export interface Restored {
  readonly active?: ActiveRelease;
  /** What is wrong although (or because) this was the best that could be restored. */
  readonly problem?: string;
}

/**
 * Brings the release of before back into service: the current one when it is still whole and passes its golden samples,
 * else the previous one. Every file is hashed again, because the disk may have changed while nothing ran.
 * Nothing is written: the next attempt tries the same. One whose process was ended from outside is not passed over.
 */
export async function restoreRelease(ports: RestorePorts): Promise<Restored> {
  const problems: string[] = [];
  for (const reference of [ports.store.current, ports.store.previous]) {
    if (!reference) continue;
    try {
      const { active, warning } = await bringBack(reference, ports);
      if (warning) problems.push(warning);
      return { active, ...(problems.length > 0 && { problem: problems.join('; ') }) };
    } catch (error) {
      problems.push(notServing(reference, error as Error, ports));
      if (error instanceof ReleaseRefusal && error.isInterruption) break;
    }
  }
  return problems.length > 0 ? { problem: problems.join('; ') } : {};
}

/** The release before, when it can serve. */
export async function restorePrevious(ports: RestorePorts): Promise<Restored> {
  const { previous } = ports.store;
  if (!previous) return { problem: 'there is no release before it' };
  try {
    const { active, warning } = await bringBack(previous, ports);
    return { active, ...(warning && { problem: warning }) };
  } catch (error) {
    return { problem: notServing(previous, error as Error, ports) };
  }
}

function notServing({ digest }: StoredReference, error: Error, { log }: RestorePorts): string {
  log.error('stored release refused', { digest, error: error.message });
  const code = error instanceof ReleaseRefusal ? `${error.code}: ` : '';
  return `release ${digest.slice(0, 12)} cannot serve: ${code}${error.message}`;
}

async function bringBack(
  reference: StoredReference,
  ports: RestorePorts,
): Promise<{ active: ActiveRelease; warning: string | undefined }> {
  const stored = await ports.store.read(reference.digest);
  const warning = await checkStoredSignature(stored, ports);
  const model = await loadServing(stored, reference, ports);
  const active = { digest: reference.digest, release: stored.release, variant: reference.variant, model };
  return { active, warning };
}

/**
 * A signature that is wrong, or by a key nobody trusts, stops the release: somebody has written to the store. A key that
 * was revoked since, or keys that cannot be read, only warn: the line keeps its inspection, and an operator decides.
 */
async function checkStoredSignature(stored: StoredRelease, ports: RestorePorts): Promise<string | undefined> {
  let keys: TrustedKeys['keys'];
  try {
    keys = await ports.trustedKeys();
  } catch (error) {
    return `trusted keys cannot be read: ${(error as Error).message}`;
  }
  const outcome = verifyEnvelopeSignature(parseEnvelope(stored.envelope), keys);
  if (outcome.verified) return undefined;
  if (outcome.code === 'KEY_REVOKED') return outcome.message;
  throw new ReleaseRefusal(outcome.code, outcome.message);
}
