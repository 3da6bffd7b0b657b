/**
 * Which releases are not tried again. A release is what was signed: the envelope around it may be written in many ways. An
 * operator lifts a quarantine by the time at which it was recorded, so that the same release can be quarantined once more,
 * and no two clocks are compared.
 */
import type { RefusalRecord, ReleaseIdentity } from './ports';
import { QUARANTINING_CODES } from './release-transitions';

/**
 * Envelope digest, as the record has it -> time of the last quarantine that is lifted, RFC 3339, as the device's status had
 * it. Earlier ones of the same release are lifted too.
 */
export type LiftedQuarantines = Readonly<Record<string, string>>;

const isSame = (one: ReleaseIdentity, other: ReleaseIdentity): boolean =>
  one.releaseDigest === other.releaseDigest ||
  (one.payloadDigest !== undefined && one.payloadDigest === other.payloadDigest);

const quarantines = ({ code }: RefusalRecord): boolean => QUARANTINING_CODES.has(code);

/** Why the release is not tried again; undefined when it may be. */
export function quarantineOf(
  refusals: readonly RefusalRecord[],
  release: ReleaseIdentity,
  lifted: LiftedQuarantines,
): RefusalRecord | undefined {
  const record = refusals.find((one) => quarantines(one) && isSame(one, release));
  const liftedAt = record && lifted[record.releaseDigest];
  return record && liftedAt !== undefined && Date.parse(record.at) <= Date.parse(liftedAt)
    ? undefined
    : record;
}

/**
 * The refusals with one more. A release has its last refusal and, beside it, the last one that quarantines: what is wrong
 * with a clock or a copy today does not make a release any better. Where there is no room for all, those that quarantine
 * stay longest.
 * @param most how many are kept
 */
export function withRefusal(
  refusals: readonly RefusalRecord[],
  record: RefusalRecord,
  most: number,
): RefusalRecord[] {
  const stays = (other: RefusalRecord): boolean =>
    !isSame(other, record) || (quarantines(other) && !quarantines(record));
  const records = [...refusals.filter(stays), record];
  while (records.length > most) {
    const expendable = records.findIndex((other) => !quarantines(other));
    records.splice(Math.max(0, expendable), 1);
  }
  return records;
}
