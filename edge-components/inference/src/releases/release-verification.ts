/**
 * What must be true of an offered release before a byte of it is loaded. Pure: bytes, keys, file listing and clock come
 * in, a release or a {@link ReleaseRefusal} comes out. The order is the order of the exported functions.
 */
import { createHash } from 'node:crypto';
import { problemsOf, type Release, type SignedRelease, type TrustedKeys } from '../../../../contracts';
import { type ClassCodes, codesOf, movedCodes } from '../../../../contracts/class-codes';
import { dispositionPolicyProblems } from '../../../../contracts/disposition-policy';
import { furtherOutputProblems } from '../../../../contracts/further-outputs';
import { inputProblems } from '../../../../contracts/image-policy';
import { ownValue } from '../../../../contracts/own-value';
import { secondOpinionProblems } from '../../../../contracts/second-opinion';
import { verifyEnvelopeSignature } from './envelope-signature';
import { ReleaseRefusal } from './release-transitions';

export const ENVELOPE_FILE = 'release.dsse.json';
/** Part of every model component beside the release's own files. */
const STARTUP_SCRIPT = 'deliver-release.cjs';
/** A release made later than this after "now" means that the device's clock is wrong, not that the release is new. */
const CLOCK_SKEW_MILLISECONDS = 24 * 3600 * 1000;
const MESSAGE_PROBLEMS = 5;

/** What the release must be made for. */
export interface ReleaseTarget {
  readonly useCase: string;
  /** Greengrass component that offered it. */
  readonly componentName: string;
  /** `linux-x64` or `linux-arm64`. */
  readonly architecture: string;
}

/** A plain file as it lies in the offered folder. */
export interface PresentFile {
  readonly name: string;
  readonly bytes: number;
}

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function refuse(code: ReleaseRefusal['code'], problems: readonly string[]): never {
  const more = problems.length > MESSAGE_PROBLEMS ? `; and ${problems.length - MESSAGE_PROBLEMS} more` : '';
  throw new ReleaseRefusal(code, `${problems.slice(0, MESSAGE_PROBLEMS).join('; ')}${more}`.slice(0, 1000));
}

function parseJson(bytes: Buffer, code: ReleaseRefusal['code'], subject: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    return refuse(code, [`${subject} is not JSON: ${(error as Error).message}`]);
  }
}

/** @throws ReleaseRefusal ENVELOPE_INVALID, SIGNATURE_MISSING */
export function parseEnvelope(bytes: Buffer): SignedRelease {
  const value = parseJson(bytes, 'ENVELOPE_INVALID', ENVELOPE_FILE);
  const signatures = (value as Partial<SignedRelease> | null)?.signatures;
  if (signatures === undefined || (Array.isArray(signatures) && signatures.length === 0)) {
    refuse('SIGNATURE_MISSING', ['the envelope carries no signature']);
  }
  const problems = problemsOf('signed-release', value);
  if (problems.length > 0) refuse('ENVELOPE_INVALID', problems);
  return value as SignedRelease;
}

/**
 * The signed bytes, once an active trusted key has signed them.
 * @throws ReleaseRefusal KEY_UNKNOWN, KEY_REVOKED, SIGNATURE_INVALID
 */
export function authenticate(envelope: SignedRelease, keys: TrustedKeys['keys']): Buffer {
  const outcome = verifyEnvelopeSignature(envelope, keys);
  if (outcome.verified) return outcome.payload;
  return refuse(outcome.code, [outcome.message]);
}

/** @throws ReleaseRefusal RELEASE_INVALID: not the contract, or its parts do not fit each other */
export function parseRelease(payload: Buffer): Release {
  const value = parseJson(payload, 'RELEASE_INVALID', 'the release');
  const problems = problemsOf('release', value);
  if (problems.length > 0) refuse('RELEASE_INVALID', problems);
  const release = value as Release;
  const crossProblems = releaseProblems(release);
  if (crossProblems.length > 0) refuse('RELEASE_INVALID', crossProblems);
  return release;
}

function duplicates(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** Rules between the fields of a release, which JSON Schema cannot say. */
function releaseProblems(release: Release): string[] {
  const files = new Set(release.files.map((file) => file.name));
  const variants = release.variants.map((variant) => variant.name);
  const problems = [
    ...duplicates(release.files.map((file) => file.name)).map((name) => `files: '${name}' is listed twice`),
    ...duplicates(variants).map((name) => `variants: '${name}' is listed twice`),
    ...[...files]
      .filter((name) => name === ENVELOPE_FILE || name === STARTUP_SCRIPT)
      .map((name) => `files: '${name}' is a reserved name`),
    ...[...release.variants, ...release.goldenSamples]
      .filter((user) => !files.has(user.file))
      .map((user) => `files: '${user.file}' is used but not listed`),
    ...release.classes
      .filter((name) => ownValue(release.thresholds, name) === undefined)
      .map((name) => `thresholds: none for class '${name}'`),
    ...Object.keys(release.thresholds)
      .filter((name) => !release.classes.includes(name))
      .map((name) => `thresholds: '${name}' is no class`),
    ...(['createdAt', 'expiresAt'] as const)
      .filter((field) => Number.isNaN(Date.parse(release[field])))
      .map((field) => `${field}: must be a time that a clock can show, got '${release[field]}'`),
    ...dispositionPolicyProblems(release),
    ...secondOpinionProblems(release),
    ...inputProblems(release.input),
    ...furtherOutputProblems(release),
  ];
  for (const sample of release.goldenSamples) {
    for (const variant of variants) {
      const length = ownValue(sample.probabilities, variant)?.length;
      if (length !== release.classes.length) {
        problems.push(
          `goldenSamples: '${sample.file}' has ${length ?? 'no'} probabilities of variant '${variant}' for ${release.classes.length} classes`,
        );
      }
    }
  }
  return problems;
}

/** @throws ReleaseRefusal WRONG_TARGET */
export function checkTarget(release: Release, target: ReleaseTarget): void {
  const problems: string[] = [];
  if (release.useCase !== target.useCase) {
    problems.push(`use case is '${release.useCase}', this device serves '${target.useCase}'`);
  }
  if (release.target.componentName !== target.componentName) {
    problems.push(
      `made for component '${release.target.componentName}', offered by '${target.componentName}'`,
    );
  }
  if (!(release.target.architectures as string[]).includes(target.architecture)) {
    problems.push(
      `made for ${release.target.architectures.join(', ')}, this device is ${target.architecture}`,
    );
  }
  if (problems.length > 0) refuse('WRONG_TARGET', problems);
}

/**
 * Why the device's clock cannot be right; undefined when it may be.
 * @param now what the clock says, milliseconds since the epoch
 * @param latest the latest time that this device has known to have passed, in the same unit; 0 when it knows none
 */
export function clockProblem(now: number, latest: number): string | undefined {
  return now < latest - CLOCK_SKEW_MILLISECONDS
    ? `the device's clock says ${new Date(now).toISOString()}, but it was ${new Date(latest).toISOString()} before`
    : undefined;
}

/**
 * A clock that was never set, or was set back, would make every expired release valid again: nothing is installed by it.
 * @param now milliseconds since the epoch
 * @param latest see {@link clockProblem}
 * @throws ReleaseRefusal CLOCK_UNKNOWN, EXPIRED
 */
export function checkExpiry(release: Release, now: number, latest: number): void {
  const clock = new Date(now).toISOString();
  if (now < Date.parse(release.createdAt) - CLOCK_SKEW_MILLISECONDS) {
    refuse('CLOCK_UNKNOWN', [
      `the device's clock says ${clock}, before the release was made (${release.createdAt})`,
    ]);
  }
  const problem = clockProblem(now, latest);
  if (problem !== undefined) refuse('CLOCK_UNKNOWN', [problem]);
  // Not the other way round: nothing is before a time that is none.
  if (!(now <= Date.parse(release.expiresAt))) {
    refuse('EXPIRED', [`expired at ${release.expiresAt}, the device's clock says ${clock}`]);
  }
}

/** @throws ReleaseRefusal COUNTER_TOO_LOW: a downgrade, even one that is validly signed */
export function checkCounter(release: Release, highestCounter: number): void {
  if (release.counter < highestCounter) {
    refuse('COUNTER_TOO_LOW', [`counter is ${release.counter}, this device has accepted ${highestCounter}`]);
  }
}

/**
 * @param known codes of every class that this device has ever told a controller
 * @throws ReleaseRefusal CODES_MOVED: a controller would take one class for another
 */
export function checkCodes(release: Release, known: ClassCodes): void {
  const problems = movedCodes(known, codesOf(release));
  if (problems.length > 0) refuse('CODES_MOVED', problems);
}

/** @throws ReleaseRefusal FILE_MISSING, FILE_UNEXPECTED, SIZE_MISMATCH */
export function checkListing(release: Release, present: readonly PresentFile[]): void {
  const sizes = new Map(present.map((file) => [file.name, file.bytes]));
  const missing = release.files.filter((file) => !sizes.has(file.name));
  if (missing.length > 0)
    refuse(
      'FILE_MISSING',
      missing.map((file) => `'${file.name}' is not there`),
    );
  const expected = new Set([ENVELOPE_FILE, STARTUP_SCRIPT, ...release.files.map((file) => file.name)]);
  const unexpected = present.filter((file) => !expected.has(file.name));
  if (unexpected.length > 0) {
    refuse(
      'FILE_UNEXPECTED',
      unexpected.map((file) => `'${file.name}' is not part of the release`),
    );
  }
  const wrong = release.files.filter((file) => sizes.get(file.name) !== file.bytes);
  if (wrong.length > 0) {
    refuse(
      'SIZE_MISMATCH',
      wrong.map((file) => `'${file.name}' has ${sizes.get(file.name)} bytes instead of ${file.bytes}`),
    );
  }
}
