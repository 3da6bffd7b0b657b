/** What a device says of itself, a sentence for each change. Pure. */
import type { DeviceStatus } from '../../contracts';

/** @returns sentences about what differs; of a first status, about all of it */
export function changesOf(before: DeviceStatus | undefined, now: DeviceStatus): string[] {
  const sentences: string[] = [];
  if (now.releaseId !== before?.releaseId) {
    sentences.push(
      now.releaseId === undefined
        ? 'it serves no release: it waits for the first rollout'
        : `it serves ${now.releaseId}`,
    );
  } else if (before === undefined) {
    sentences.push('it serves no release: it waits for the first rollout');
  }
  for (const camera of now.cameras ?? []) {
    const earlier = before?.cameras?.find(({ cameraId }) => cameraId === camera.cameraId);
    if (earlier?.value !== camera.value) sentences.push(`${camera.cameraId}: ${camera.value}`);
  }
  const known = new Set(before?.refusedReleases?.map(({ releaseDigest }) => releaseDigest));
  for (const { code, releaseId, releaseDigest } of now.refusedReleases ?? []) {
    if (!known.has(releaseDigest)) sentences.push(`it refuses ${releaseId ?? 'a release'} (${code})`);
  }
  return sentences;
}
