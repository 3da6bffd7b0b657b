import type { Release } from '../../../../contracts';
import { decide } from '../../../../edge-components/inference/src/models/decision';
import { trustedKeyProblems } from '../../../../edge-components/inference/src/releases/envelope-signature';
import type { RefusalCode } from '../../../../edge-components/inference/src/releases/release-transitions';
import {
  authenticate,
  checkCounter,
  checkExpiry,
  checkListing,
  checkTarget,
  parseEnvelope,
  parseRelease,
} from '../../../../edge-components/inference/src/releases/release-verification';
import { signingKey, signRelease } from '../../release-fixture';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const key = signingKey();
const histogram = { minimum: 0, maximum: 1, counts: [1, 1] };
const release: Release = {
  schemaVersion: 1,
  releaseId: 'line-7',
  counter: 7,
  useCase: 'line',
  modelPackageArn: 'arn:aws:sagemaker:us-east-1:000000000000:model-package/line/7',
  modelPackageVersion: 7,
  createdAt: '2026-11-23T11:00:00Z',
  expiresAt: '2026-12-23T11:00:00Z',
  target: { componentName: 'com.kaizenedge.model.Line', architectures: ['linux-x64'] },
  classes: ['good', 'scratch'],
  input: { name: 'image', height: 16, width: 16, outputName: 'probabilities' },
  files: [
    { name: 'model.onnx', sha256: 'a'.repeat(64), bytes: 10 },
    { name: 'golden.png', sha256: 'b'.repeat(64), bytes: 20 },
  ],
  variants: [{ name: 'fp32', file: 'model.onnx', precision: 'fp32' }],
  goldenSamples: [{ file: 'golden.png', probabilities: { fp32: [0.9, 0.1] } }],
  thresholds: { good: 0.5, scratch: 0.5 },
  baseline: {
    confidence: histogram,
    brightness: histogram,
    contrast: histogram,
    sharpness: histogram,
    classCounts: {},
    accuracy: 1,
  },
};
const target = { useCase: 'line', componentName: 'com.kaizenedge.model.Line', architecture: 'linux-x64' };
const present = [
  { name: 'release.dsse.json', bytes: 900 },
  { name: 'deliver-release.cjs', bytes: 50 },
  { name: 'model.onnx', bytes: 10 },
  { name: 'golden.png', bytes: 20 },
];
const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function verify(envelope: Buffer, keys = [key.trusted], listing = present, now = NOW, latest = 0): Release {
  const verified = parseRelease(authenticate(parseEnvelope(envelope), keys));
  checkTarget(verified, target);
  checkExpiry(verified, now, latest);
  checkCounter(verified, 7);
  checkListing(verified, listing);
  return verified;
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'ACCEPTED';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const envelopeOf = (value: unknown): Buffer => bytesOf(signRelease(value, key));
const signed = signRelease(release, key);
const otherKey = signingKey();

test('a release whose every part fits is accepted', () => {
  expect(verify(bytesOf(signed))).toEqual(release);
});

test.each<[RefusalCode, string, () => unknown]>([
  ['ENVELOPE_INVALID', 'an envelope that is not JSON', () => verify(Buffer.from('{'))],
  [
    'ENVELOPE_INVALID',
    'another payload type',
    () => verify(bytesOf({ ...signed, payloadType: 'text/plain' })),
  ],
  ['ENVELOPE_INVALID', 'an unknown field', () => verify(bytesOf({ ...signed, extra: 1 }))],
  ['SIGNATURE_MISSING', 'no signature field', () => verify(bytesOf({ ...signed, signatures: undefined }))],
  ['SIGNATURE_MISSING', 'an empty list of signatures', () => verify(bytesOf({ ...signed, signatures: [] }))],
  ['KEY_UNKNOWN', 'a key that nobody trusts', () => verify(bytesOf(signed), [otherKey.trusted])],
  ['KEY_REVOKED', 'a revoked key', () => verify(bytesOf(signed), [{ ...key.trusted, status: 'revoked' }])],
  [
    'SIGNATURE_INVALID',
    'a valid signature over other bytes',
    () => verify(bytesOf({ ...signed, payload: signRelease({ ...release, counter: 9 }, key).payload })),
  ],
  [
    'SIGNATURE_INVALID',
    'a signature under the id of a trusted key',
    () =>
      verify(
        bytesOf({
          ...signRelease(release, otherKey),
          signatures: [{ ...signRelease(release, otherKey).signatures[0], keyid: key.keyid }],
        }),
      ),
  ],
  [
    'SIGNATURE_INVALID',
    'a signature that is not DER',
    () => verify(bytesOf({ ...signed, signatures: [{ keyid: key.keyid, sig: 'AAAA' }] })),
  ],
  [
    'RELEASE_INVALID',
    'a release with a field missing',
    () => verify(envelopeOf({ ...release, classes: undefined })),
  ],
  [
    'RELEASE_INVALID',
    'a variant whose file is not listed',
    () =>
      verify(envelopeOf({ ...release, variants: [{ name: 'fp32', file: 'other.onnx', precision: 'fp32' }] })),
  ],
  [
    'RELEASE_INVALID',
    'a file listed twice',
    () => verify(envelopeOf({ ...release, files: [...release.files, release.files[0]] })),
  ],
  [
    'RELEASE_INVALID',
    'a class without a threshold',
    () => verify(envelopeOf({ ...release, thresholds: { good: 0.5 } })),
  ],
  [
    'RELEASE_INVALID',
    'golden probabilities of another number of classes',
    () =>
      verify(
        envelopeOf({ ...release, goldenSamples: [{ file: 'golden.png', probabilities: { fp32: [1] } }] }),
      ),
  ],
  ['WRONG_TARGET', 'another use case', () => verify(envelopeOf({ ...release, useCase: 'other' }))],
  [
    'WRONG_TARGET',
    'another architecture',
    () => verify(envelopeOf({ ...release, target: { ...release.target, architectures: ['linux-arm64'] } })),
  ],
  [
    'WRONG_TARGET',
    'another component',
    () => verify(envelopeOf({ ...release, target: { ...release.target, componentName: 'com.other' } })),
  ],
  [
    'EXPIRED',
    'an expired release',
    () => verify(bytesOf(signed), [key.trusted], present, Date.parse('2027-01-01')),
  ],
  ['CLOCK_UNKNOWN', 'a clock set back to 1970', () => verify(bytesOf(signed), [key.trusted], present, 0)],
  [
    'CLOCK_UNKNOWN',
    'a clock that stands before a time that has passed',
    () => verify(bytesOf(signed), [key.trusted], present, NOW, NOW + 2 * 86_400_000),
  ],
  [
    'COUNTER_TOO_LOW',
    'an older counter, validly signed',
    () => verify(envelopeOf({ ...release, counter: 6 })),
  ],
  [
    'FILE_MISSING',
    'a file that is not there',
    () => verify(bytesOf(signed), [key.trusted], present.slice(0, 3)),
  ],
  [
    'FILE_UNEXPECTED',
    'a file that is not part of the release',
    () => verify(bytesOf(signed), [key.trusted], [...present, { name: 'labels.txt', bytes: 1 }]),
  ],
  [
    'SIZE_MISMATCH',
    'a file of another size',
    () => verify(bytesOf(signed), [key.trusted], [...present.slice(0, 3), { name: 'golden.png', bytes: 21 }]),
  ],
])('%s: %s [case 6] [case 7] [case 8] [case 9] [case 13]', (code, _, attempt) => {
  expect(codeOf(attempt)).toBe(code);
});

test.each(['2026-12-31T23:59:60Z', '2016-12-31T23:59:60.5Z', '2026-12-31T23:59:60+00:00'])(
  'case 49: a release that expires at %s, which no clock shows, is refused and does not live for ever',
  (expiresAt) => {
    const code = codeOf(() => verify(envelopeOf({ ...release, expiresAt })));
    expect(code).toBe('RELEASE_INVALID');
    // Also where such a time comes by another way.
    expect(codeOf(() => checkExpiry({ ...release, expiresAt }, NOW, 0))).toBe('EXPIRED');
  },
);

test('case 49: a class named as what every object has needs a threshold like any other', () => {
  const named = { ...release, classes: ['good', 'constructor'], thresholds: { good: 0.5 } };
  expect(() => verify(envelopeOf(named))).toThrow("thresholds: none for class 'constructor'");
  expect(decide([0.1, 0.9], named)).toMatchObject({ status: 'invalid' });
});

test('a second signature by a trusted key is enough beside one that is unknown', () => {
  const both = {
    ...signed,
    signatures: [...signRelease(release, otherKey).signatures, ...signed.signatures],
  };
  expect(verify(bytesOf(both))).toEqual(release);
});

test('a refusal lists every problem', () => {
  const wrong = {
    ...release,
    useCase: 'other',
    target: { ...release.target, architectures: ['linux-arm64'] },
  };
  expect(() => checkTarget(wrong as Release, target)).toThrow(/use case is 'other'.*made for linux-arm64/);
});

test('trusted keys under a wrong or repeated id are refused', () => {
  expect(trustedKeyProblems([key.trusted, otherKey.trusted])).toEqual([]);
  expect(trustedKeyProblems([key.trusted, { ...otherKey.trusted, keyid: key.keyid }])).toEqual([
    expect.stringContaining('listed twice'),
    expect.stringContaining('is not the SHA-256 of its key'),
  ]);
});
