import {
  type CertificateTrust,
  certificateProblem,
  type ShownCertificate,
} from '../../../../../edge-components/inference/src/cameras/sources/camera-certificate';

const OWN = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);
const colons = (text: string): string => (text.toUpperCase().match(/../g) ?? []).join(':');
const selfSigned = { fingerprint: colons(OWN), refusal: 'DEPTH_ZERO_SELF_SIGNED_CERT' };

test.each<[string, CertificateTrust, ShownCertificate, string | undefined]>([
  ['signed by an authority', {}, { fingerprint: colons(OWN) }, undefined],
  ['the pinned one, whoever has signed it', { certificateSha256: OWN }, selfSigned, undefined],
  ['the pinned one, written with colons', { certificateSha256: colons(OWN) }, selfSigned, undefined],
  [
    'another than the pinned one',
    { certificateSha256: OTHER },
    selfSigned,
    `the camera's certificate is ${OWN}, not ${OTHER} (SHA-256)`,
  ],
  [
    'another than the pinned one, although an authority has signed it',
    { certificateSha256: OTHER, caFile: 'ca.pem' },
    { fingerprint: colons(OWN) },
    `the camera's certificate is ${OWN}, not ${OTHER} (SHA-256)`,
  ],
  [
    'signed by nobody who is known',
    {},
    selfSigned,
    `the camera's certificate is refused (DEPTH_ZERO_SELF_SIGNED_CERT); if it is its own, set certificateSha256 to ${OWN}, or caFile`,
  ],
  ['none', {}, { fingerprint: undefined }, 'the camera shows no certificate'],
  [
    'none where one is pinned',
    { certificateSha256: OWN },
    { fingerprint: undefined },
    'the camera shows no certificate',
  ],
])('[B27] F11: %s', (_, trust, shown, problem) => {
  expect(certificateProblem(trust, shown)).toBe(problem);
  // As the status has it.
  expect((problem ?? '').length).toBeLessThanOrEqual(200);
});
