import type { SignedRelease, TrustedKeys } from '../../../../contracts';
import { keyIdOf, verifySignature } from '../../../../contracts/dsse';

export type SignatureOutcome =
  | { readonly verified: true; readonly payload: Buffer }
  | {
      readonly verified: false;
      readonly code: 'KEY_UNKNOWN' | 'KEY_REVOKED' | 'SIGNATURE_INVALID';
      readonly message: string;
    };

/** Whether one active trusted key has signed the envelope's payload. One valid signature is enough (threshold 1). */
export function verifyEnvelopeSignature(
  envelope: SignedRelease,
  keys: TrustedKeys['keys'],
): SignatureOutcome {
  const known = envelope.signatures.flatMap((signature) =>
    keys.filter((key) => key.keyid === signature.keyid).map((key) => ({ signature, key })),
  );
  if (known.length === 0) {
    return { verified: false, code: 'KEY_UNKNOWN', message: 'no trusted key has signed the release' };
  }
  const active = known.filter(({ key }) => key.status === 'active');
  if (active.length === 0) {
    return { verified: false, code: 'KEY_REVOKED', message: 'the key that signed the release is revoked' };
  }
  const payload = Buffer.from(envelope.payload, 'base64');
  const valid = active.some(({ signature, key }) =>
    verifySignature(envelope.payloadType, payload, Buffer.from(signature.sig, 'base64'), key.publicKeyPem),
  );
  return valid
    ? { verified: true, payload }
    : { verified: false, code: 'SIGNATURE_INVALID', message: 'the signature does not fit the signed bytes' };
}

/** Everything wrong with the keys beyond their contract: a key under another key's id would never be found revoked. */
export function trustedKeyProblems(keys: TrustedKeys['keys']): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const [index, key] of keys.entries()) {
    if (seen.has(key.keyid)) problems.push(`keys.${index}.keyid: '${key.keyid}' is listed twice`);
    seen.add(key.keyid);
    try {
      const actual = keyIdOf(key.publicKeyPem);
      if (actual !== key.keyid)
        problems.push(`keys.${index}.keyid: is not the SHA-256 of its key (${actual})`);
    } catch (error) {
      problems.push(`keys.${index}.publicKeyPem: ${(error as Error).message}`);
    }
  }
  return problems;
}
