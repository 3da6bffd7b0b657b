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
import type { OnProgress } from '../shared/progress';
import { thumbnailUri } from '../shared/thumbnail';
import { contactSheet, type SheetCapture } from './contact-sheet';

export const SHEET_FILE = 'index.html';
export const LABELS_FILE = 'labels.csv';

export interface DownloadedCaptures {
  readonly images: number;
  /** Captures whose image is not there, or is another one than its sidecar says. */
  readonly problems: readonly string[];
  /** Of each capture, by its id: the file, or why there is none. */
  readonly brought: ReadonlyMap<string, { readonly file: string } | { readonly problem: string }>;
}

export interface DownloadOptions {
  readonly folder: string;
  /** @default - nobody is told */
  readonly onProgress?: OnProgress;
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
  { folder, onProgress = () => undefined }: DownloadOptions,
): Promise<DownloadedCaptures> {
  await writeLabels(folder, captures);
  const brought = new Map<string, { readonly file: string } | { readonly problem: string }>();
  const shown = await mapConcurrently(
    captures,
    DEFAULT_CONCURRENCY,
    async (capture): Promise<SheetCapture> => {
      const image = await readImage(clients, environment, capture);
      const { captureId } = capture;
      if (typeof image === 'string') {
        brought.set(captureId, { problem: image });
        onProgress(brought.size, captures.length);
        return { capture };
      }
      const file = `${captureId}.jpg`;
      await writeFile(join(folder, file), image);
      brought.set(captureId, { file: join(folder, file) });
      onProgress(brought.size, captures.length);
      return { capture, file, thumbnail: await thumbnailUri(image) };
    },
  );
  await writeFile(join(folder, SHEET_FILE), contactSheet(shown, { folder, environment: environment.name }));
  const problems = [...brought.values()].flatMap((one) => ('problem' in one ? [one.problem] : [])).sort();
  return { images: brought.size - problems.length, problems, brought };
}
