/**
 * DSSE envelopes (Dead Simple Signing Envelope, protocol 1.0, github.com/secure-systems-lab/dsse): the one
 * implementation of what is signed, for the cloud that signs and the device that verifies. Pure.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';

/** Payload type of a signed release; signed with the payload, so that an envelope of another kind is no release. */
export const RELEASE_PAYLOAD_TYPE = 'application/vnd.kaizenedge.release+json';

/** The curve of KMS keys of type ECC_NIST_P256, as OpenSSL names it. */
const CURVE = 'prime256v1';

/**
 * The bytes that are signed: `DSSEv1 <length of type> <type> <length of payload> <payload>`, lengths in bytes. The
 * lengths keep (type, payload) pairs apart that would be the same bytes when simply joined.
 */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const header = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(header), payload]);
}

function canonicalText(value: unknown, path: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${path}: ${value} has no JSON form`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((entry, index) => canonicalText(entry, `${path}.${index}`)).join(',')}]`;
  }
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalText(member, `${path}.${name}`)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`${path}: a ${typeof value} has no JSON form`);
}

/**
 * JSON with one spelling per value: no spaces, members in the order of their UTF-16 code units (the JSON
 * Canonicalization Scheme, RFC 8785). Members that are `undefined` are left out.
 * @throws TypeError with the path of what JSON cannot say: NaN, an infinity, a function
 */
export function canonicalJson(value: unknown): Buffer {
  return Buffer.from(canonicalText(value, '$'), 'utf8');
}

/**
 * SHA-256 of a public key in DER (SubjectPublicKeyInfo), in lower-case hexadecimal.
 * @param publicKey DER, as KMS GetPublicKey answers it, or PEM
 * @throws Error when a PEM cannot be read
 */
export function keyIdOf(publicKey: Uint8Array | string): string {
  const der =
    typeof publicKey === 'string'
      ? createPublicKey(publicKey).export({ type: 'spki', format: 'der' })
      : publicKey;
  return createHash('sha256').update(der).digest('hex');
}

/** SHA-256 of the signed bytes: what KMS Sign takes as a message of type DIGEST. */
export function signedDigest(payloadType: string, payload: Uint8Array): Buffer {
  return createHash('sha256').update(preAuthenticationEncoding(payloadType, payload)).digest();
}

/**
 * Whether `signature` (ECDSA P-256 over SHA-256, ASN.1 DER) is that of the key over payload type and payload. False
 * for a signature that is not even ASN.1, and for a key that is unreadable or on another curve.
 * @param payload the decoded bytes; trust nothing but them afterwards
 */
export function verifySignature(
  payloadType: string,
  payload: Uint8Array,
  signature: Uint8Array,
  publicKeyPem: string,
): boolean {
  try {
    const key = createPublicKey(publicKeyPem);
    if (key.asymmetricKeyDetails?.namedCurve !== CURVE) return false;
    return verify('sha256', preAuthenticationEncoding(payloadType, payload), key, signature);
  } catch {
    return false;
  }
}
