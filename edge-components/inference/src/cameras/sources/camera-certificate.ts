/** Whether a camera is the one that is meant, by the certificate that it shows. */

export interface CertificateTrust {
  /** PEM file with the authorities that sign, or with the camera's own certificate. @default - those of Node.js */
  readonly caFile?: string | undefined;
  /**
   * SHA-256 of the camera's own certificate, with or without colons. It decides alone: cameras sign their certificates
   * themselves, for a name that is not theirs, and let them expire.
   */
  readonly certificateSha256?: string | undefined;
}

export interface ShownCertificate {
  /** SHA-256 of the certificate; undefined when the camera has shown none. */
  readonly fingerprint: string | undefined;
  /** Why its signature, its name or its dates do not hold. Absent when they do. */
  readonly refusal?: string;
}

/** Lower case, without colons. */
const plain = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase();

/** Why the camera is not trusted; undefined when it is. Both fingerprints fit into a value of the status. */
export function certificateProblem(
  { certificateSha256 }: CertificateTrust,
  { fingerprint, refusal }: ShownCertificate,
): string | undefined {
  if (fingerprint === undefined) return 'the camera shows no certificate';
  const shown = plain(fingerprint);
  if (certificateSha256 !== undefined) {
    const expected = plain(certificateSha256);
    return shown === expected ? undefined : `the camera's certificate is ${shown}, not ${expected} (SHA-256)`;
  }
  if (refusal === undefined) return undefined;
  return `the camera's certificate is refused (${refusal}); if it is its own, set certificateSha256 to ${shown}, or caFile`;
}
