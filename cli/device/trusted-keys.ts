import { createHash, createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand } from '@aws-sdk/client-kms';
import { parseContract, type TrustedKeys } from '../../contracts';
import type { Clients } from '../shared/clients';

/**
 * The keys that a device trusts: the public half of the signing key. The key's id is the SHA-256 of its DER form.
 * @throws Error when KMS answers with something else than a P-256 public key
 */
export async function readTrustedKeys(
  clients: Pick<Clients, 'kms'>,
  signingKeyArn: string,
): Promise<TrustedKeys> {
  const answer = await clients.kms.send(new GetPublicKeyCommand({ KeyId: signingKeyArn }));
  if (!answer.PublicKey) throw new Error(`KMS gave no public key for ${signingKeyArn}`);
  const der = Buffer.from(answer.PublicKey);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error(`${signingKeyArn} is no key on the curve P-256`);
  }
  return parseContract(
    'trusted-keys',
    {
      schemaVersion: 1,
      keys: [
        {
          keyid: createHash('sha256').update(der).digest('hex'),
          algorithm: 'ECDSA_SHA_256',
          publicKeyPem: key.export({ format: 'pem', type: 'spki' }).toString(),
          status: 'active',
        },
      ],
    },
    'trusted-keys.json',
  );
}
