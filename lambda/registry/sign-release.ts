import { createHash } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { ContractError, parseContract, type Release, type SignedRelease } from '../../contracts';
import { type ClassCodes, codesOf, movedCodes } from '../../contracts/class-codes';
import { dispositionPolicyProblems } from '../../contracts/disposition-policy';
import { canonicalJson, keyIdOf, RELEASE_PAYLOAD_TYPE, signedDigest } from '../../contracts/dsse';
import { envelopeKey } from './names';

/** An ECDSA P-256 key that never leaves where it is. */
export interface Signer {
  /** SHA-256 of the public key in DER. */
  keyId(): Promise<string>;
  /** @param digest SHA-256 of the signed bytes; answers ASN.1 DER */
  sign(digest: Buffer): Promise<Buffer>;
}

export interface Envelope {
  readonly body: Buffer;
  readonly sha256: string;
  readonly key: string;
}

/**
 * Signs a release and wraps it.
 * @param codes of all classes that were ever released
 * @throws ContractError when the release breaks its contract, moves or reuses a code, or is too large to be signed
 */
export async function signRelease(release: Release, codes: ClassCodes, signer: Signer): Promise<Envelope> {
  const name = `release ${release.releaseId}`;
  parseContract('release', release, name);
  const problems = [...dispositionPolicyProblems(release), ...movedCodes(codes, codesOf(release))];
  if (problems.length > 0) throw new ContractError('release', name, problems);
  const payload = canonicalJson(release);
  const [keyid, signature] = await Promise.all([
    signer.keyId(),
    signer.sign(signedDigest(RELEASE_PAYLOAD_TYPE, payload)),
  ]);
  const envelope: SignedRelease = {
    payloadType: RELEASE_PAYLOAD_TYPE,
    payload: payload.toString('base64'),
    signatures: [{ keyid, sig: signature.toString('base64') }],
  };
  parseContract('signed-release', envelope, `envelope of release ${release.releaseId}`);
  const body = canonicalJson(envelope);
  const sha256 = createHash('sha256').update(body).digest('hex');
  return { body, sha256, key: envelopeKey(sha256) };
}

/** Signs with an asymmetric KMS key of type ECC_NIST_P256. */
export class KmsSigner implements Signer {
  private publicKeyId?: Promise<string>;

  constructor(
    private readonly client: Pick<KMSClient, 'send'>,
    private readonly keyArn: string,
  ) {}

  keyId(): Promise<string> {
    this.publicKeyId ??= this.readKeyId();
    return this.publicKeyId;
  }

  async sign(digest: Buffer): Promise<Buffer> {
    const { Signature } = await this.client.send(
      new SignCommand({
        KeyId: this.keyArn,
        Message: digest,
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      }),
    );
    if (!Signature) throw new Error(`KMS answered without a signature of ${this.keyArn}`);
    return Buffer.from(Signature);
  }

  private async readKeyId(): Promise<string> {
    const { PublicKey } = await this.client.send(new GetPublicKeyCommand({ KeyId: this.keyArn }));
    if (!PublicKey) throw new Error(`KMS answered without a public key of ${this.keyArn}`);
    return keyIdOf(PublicKey);
  }
}
