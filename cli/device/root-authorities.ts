import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { InputError } from '../shared/errors';

/** A file of more than one certificate needs each to end its line, or Java finds no second one. */
const asFile = (certificates: readonly string[]): string =>
  certificates.map((pem) => `${pem.trim()}\n`).join('');

/**
 * The authorities that sign what AWS IoT and S3 answer with (docs.aws.amazon.com/iot/latest/developerguide/server-authentication.html):
 * Amazon Root CA 1 to 4, of the list that Node carries from Mozilla's.
 * @throws Error when this Node has none of them
 */
export function amazonRoots(certificates: readonly string[] = rootCertificates): string {
  const roots = certificates.filter((pem) =>
    /^CN=Amazon Root CA \d+$/m.test(new X509Certificate(pem).subject),
  );
  if (roots.length === 0) throw new Error('this Node carries no Amazon Root CA: give --root-ca <file>');
  return asFile(roots);
}

/**
 * The authorities of a file.
 * @throws InputError when it cannot be read, or holds something that is no certificate, or none
 */
export async function readRoots(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new InputError(`--root-ca: '${path}' cannot be read: ${error.message}`);
  });
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) throw new InputError(`--root-ca: '${path}' holds no certificate`);
  for (const [index, pem] of certificates.entries()) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw new InputError(
        `--root-ca: certificate ${index + 1} of '${path}' is none: ${(error as Error).message}`,
      );
    }
  }
  return asFile(certificates);
}
