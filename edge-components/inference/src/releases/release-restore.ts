import type { TrustedKeys } from '../../../../contracts';
import { verifyEnvelopeSignature } from './envelope-signature';
import type { ReleaseStore, StoredReference, StoredRelease } from './ports';
import { ReleaseRefusal } from './release-transitions';
import { parseEnvelope } from './release-verification';
import { loadServing, type SelfTestPorts, tryInTrialProcess } from './self-test';
import type { ActiveRelease } from './serving-slot';

export interface RestorePorts extends SelfTestPorts {
  readonly store: ReleaseStore;
  readonly trustedKeys: () => Promise<TrustedKeys['keys']>;
  /**
   * Whether the process before this one ended without being told to. Its release may be the reason: it is then tried in a
   * process of its own first, because a graph that ends its process would end this one too, again and again.
   */
  readonly suspicious: boolean;
}

export interface Restored {
  readonly active?: ActiveRelease;
  /** What is wrong although (or because) this was the best that could be restored. */
  readonly problem?: string;
}

/**
 * Brings the release of before back into service: the current one when it is still whole and passes its golden samples,
 * else the previous one. Every file is hashed again, because the disk may have changed while nothing ran.
 * Nothing is written: the next start tries the same.
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
      const code = error instanceof ReleaseRefusal ? `${error.code}: ` : '';
      problems.push(
        `release ${reference.digest.slice(0, 12)} cannot serve: ${code}${(error as Error).message}`,
      );
      ports.log.error('stored release refused', {
        digest: reference.digest,
        error: (error as Error).message,
      });
    }
  }
  return problems.length > 0 ? { problem: problems.join('; ') } : {};
}

async function bringBack(
  reference: StoredReference,
  ports: RestorePorts,
): Promise<{ active: ActiveRelease; warning: string | undefined }> {
  const stored = await ports.store.read(reference.digest);
  const warning = await checkStoredSignature(stored, ports);
  if (ports.suspicious) await tryInTrialProcess(stored, reference.variant, ports);
  const model = await loadServing(stored, reference.variant, ports);
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
