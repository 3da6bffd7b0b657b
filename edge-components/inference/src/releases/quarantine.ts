/**
 * Which releases are not tried again. An operator lifts a quarantine by the time at which it was recorded, so that the same
 * release can be quarantined once more, and no two clocks are compared.
 */
import type { RefusalRecord } from './ports';
import { QUARANTINING_CODES } from './release-transitions';

/**
 * Envelope digest -> time of the last quarantine that is lifted, RFC 3339, as the device's status had it. Earlier ones of
 * the same release are lifted too.
 */
export type LiftedQuarantines = Readonly<Record<string, string>>;

/** Why the release is not tried again; undefined when it may be. */
export function quarantineOf(
  refusals: readonly RefusalRecord[],
  digest: string,
  lifted: LiftedQuarantines,
): RefusalRecord | undefined {
  const record = refusals.find(
    ({ releaseDigest, code }) => releaseDigest === digest && QUARANTINING_CODES.has(code),
  );
  const liftedAt = lifted[digest];
  return record && liftedAt !== undefined && Date.parse(record.at) <= Date.parse(liftedAt)
    ? undefined
    : record;
}
