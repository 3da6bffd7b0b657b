/** Brings captures to a folder in which a person can look at them and label them. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Capture } from '../../contracts';
import { DEFAULT_CONCURRENCY, mapConcurrently } from '../../lambda/shared/concurrency';
import { captureImageKey } from '../../lambda/telemetry/names';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';
import { thumbnailUri } from '../shared/thumbnail';
import { contactSheet, type SheetCapture } from './contact-sheet';

export const SHEET_FILE = 'index.html';
export const LABELS_FILE = 'labels.csv';

export interface DownloadedCaptures {
  readonly images: number;
  /** Captures whose image is not there, or is another one than its sidecar says. */
  readonly problems: readonly string[];
}

/** The image of a capture, or why it is not taken. */
async function readImage(
  clients: Pick<Clients, 's3'>,
  environment: KaizenEnvironment,
  capture: Capture,
): Promise<Uint8Array | string> {
  const { captureId, deviceId, sha256 } = capture;
  const Key = captureImageKey(environment.useCase, { captureId, deviceId });
  try {
    const image = { Bucket: environment.output('TelemetryBucketName'), Key };
    const { Body } = await clients.s3.send(new GetObjectCommand(image));
    if (!Body) throw new Error('it has no content');
    const bytes = await Body.transformToByteArray();
    const found = createHash('sha256').update(bytes).digest('hex');
    return found === sha256 ? bytes : `${Key} has the digest ${found}, its sidecar says ${sha256}`;
  } catch (error) {
    return `${Key} cannot be read: ${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** Written once: who has begun to fill it in must not lose it. */
async function writeLabels(folder: string, captures: readonly Capture[]): Promise<void> {
  const lines = captures.map(({ captureId, deviceId }) => `${captureId},,${deviceId}`);
  const file = join(folder, LABELS_FILE);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(file, ['captureId,class,deviceId', ...lines, ''].join('\n'), { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(
      code === 'EEXIST'
        ? `--download: '${file}' is there already and may hold labels: label with it, then choose another folder or remove it`
        : `--download: '${folder}' cannot be written: ${message}`,
    );
  }
}

/**
 * Writes the images, a contact sheet, and a table of labels to fill in.
 * @throws InputError when the folder has such a table, or cannot be written
 */
export async function downloadCaptures(
  clients: Pick<Clients, 's3'>,
  environment: KaizenEnvironment,
  captures: readonly Capture[],
  folder: string,
): Promise<DownloadedCaptures> {
  await writeLabels(folder, captures);
  const problems: string[] = [];
  const shown = await mapConcurrently(
    captures,
    DEFAULT_CONCURRENCY,
    async (capture): Promise<SheetCapture> => {
      const image = await readImage(clients, environment, capture);
      if (typeof image === 'string') {
        problems.push(image);
        return { capture };
      }
      const file = `${capture.captureId}.jpg`;
      await writeFile(join(folder, file), image);
      return { capture, file, thumbnail: await thumbnailUri(image) };
    },
  );
  await writeFile(join(folder, SHEET_FILE), contactSheet(shown, { folder, environment: environment.name }));
  return { images: shown.filter(({ file }) => file !== undefined).length, problems: problems.sort() };
}
