/** The gateway's own certificate, made anew at every start; devices trust it through `caPem`. */
import { generate } from 'selfsigned';

const DNS_NAME = 2;
const IP_ADDRESS = 7;

export async function makeServerCertificate(): Promise<{ certificatePem: string; privateKeyPem: string }> {
  const made = await generate([{ name: 'commonName', value: 'Local device gateway' }], {
    algorithm: 'sha256',
    keySize: 2048,
    extensions: [
      // Its own authority: clients verify it against itself.
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: DNS_NAME, value: 'localhost' },
          { type: IP_ADDRESS, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { certificatePem: made.cert, privateKeyPem: made.private };
}
