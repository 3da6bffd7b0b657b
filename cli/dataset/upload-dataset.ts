import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { DatasetItem } from '../../contracts';
import type { CurrentDataset } from '../../lambda/dataset/current-dataset';
import { CURRENT_KEY, IMAGE_CONTENT_TYPES, incomingKey, rejectedKey } from '../../lambda/dataset/names';
import { DEFAULT_CONCURRENCY, mapConcurrently } from '../../lambda/shared/concurrency';
import { ifThere } from '../../lambda/shared/objects';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { refuse } from '../shared/errors';
import type { OnProgress } from '../shared/progress';
import { type ImageFormat, imageFormat } from './image-format';
import { lineProblems, manifestLine } from './inspect-dataset';
import type { DatasetUploadItem } from './upload-item';

export interface UploadDatasetOptions {
  readonly items: readonly DatasetUploadItem[];
  /** Name of the manifest; must be new. @default - from time and content */
  readonly name?: string;
  /** How long to wait for the gate. @default 300 */
  readonly timeoutSeconds?: number;
  /** @default 32 */
  readonly concurrency?: number;
  readonly pause?: (milliseconds: number) => Promise<void>;
  readonly now?: () => Date;
  /** Told after each image. @default - nobody is told */
  readonly onProgress?: OnProgress;
  /** Told of the seconds for which the gate has been waited for. @default - nobody is told */
  readonly onWait?: OnProgress;
}

const POLL_MILLISECONDS = 500;
const MOST_PROBLEMS_SHOWN = 20;

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

async function putOnce(
  s3: Clients['s3'],
  image: { readonly Bucket: string; readonly Key: string; readonly Body: Uint8Array },
  format: ImageFormat,
): Promise<void> {
  try {
    const ContentType = IMAGE_CONTENT_TYPES[format];
    await s3.send(new PutObjectCommand({ ...image, ContentType, IfNoneMatch: '*' }));
  } catch (error) {
    // The key is the content's digest: what is there already is the same. The SDK has no class for this error.
    if (!(error instanceof Error && error.name === 'PreconditionFailed')) throw error;
  }
}

/** Checks one image and uploads it; answers its line of the manifest, or why there is none. */
async function uploadItem(
  s3: Clients['s3'],
  bucket: string,
  item: DatasetUploadItem,
  uploads: Map<string, Promise<void>>,
): Promise<DatasetItem | string[]> {
  let bytes: Uint8Array;
  try {
    bytes = await item.read();
  } catch (error) {
    return [`${item.id}: the image cannot be read: ${(error as Error).message}`];
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const found = imageFormat(bytes);
  const format = 'format' in found ? found.format : 'jpg';
  const line = manifestLine(item, sha256, format);
  const { id, key } = line;
  const problems = lineProblems(item, line);
  if ('reason' in found) problems.push(`the image ${found.reason}`);
  if (problems.length > 0) return problems.map((problem) => `${id}: ${problem}`);
  let upload = uploads.get(key);
  if (!upload) {
    upload = putOnce(s3, { Bucket: bucket, Key: key, Body: bytes }, format);
    uploads.set(key, upload);
  }
  await upload;
  return line;
}

async function readJson(s3: Clients['s3'], Bucket: string, Key: string): Promise<unknown> {
  const found = await ifThere(s3.send(new GetObjectCommand({ Bucket, Key })));
  return found && JSON.parse((await found.Body?.transformToString()) ?? '');
}

interface RejectionReport {
  readonly problems: readonly { readonly line: number; readonly problem: string }[];
}

/** The gate answers by writing: the current manifest names its source, a rejection is a report. */
async function waitForGate(
  s3: Clients['s3'],
  bucket: string,
  name: string,
  options: UploadDatasetOptions,
): Promise<CurrentDataset> {
  const { pause = sleep, timeoutSeconds = 300, onWait = () => undefined } = options;
  const attempts = Math.ceil((timeoutSeconds * 1000) / POLL_MILLISECONDS);
  for (let attempt = 0; attempt < attempts; attempt++) {
    onWait(Math.floor((attempt * POLL_MILLISECONDS) / 1000), timeoutSeconds);
    const report = (await readJson(s3, bucket, rejectedKey(name))) as RejectionReport | undefined;
    if (report) {
      const lines = report.problems.map(({ line, problem }) => `line ${line}: ${problem}`);
      refuse(`the gate rejected '${name}'`, lines.slice(0, MOST_PROBLEMS_SHOWN));
    }
    const current = (await readJson(s3, bucket, CURRENT_KEY)) as CurrentDataset | undefined;
    if (current?.source?.includes(name)) {
      onWait(timeoutSeconds, timeoutSeconds);
      return current;
    }
    await pause(POLL_MILLISECONDS);
  }
  throw new Error(
    `the gate has not answered about '${name}' in ${timeoutSeconds} s: see the log of the function AcceptManifestFunctionName`,
  );
}

/**
 * Uploads images under their digests, then the manifest, and waits for the gate's answer. The manifest is written
 * only when every image is in its place, so a run that fails leaves the dataset as it was.
 * @throws InputError with every broken item, or with the gate's reasons; Error when the gate does not answer in time
 */
export async function uploadDataset(
  clients: Pick<Clients, 's3'>,
  environment: KaizenEnvironment,
  options: UploadDatasetOptions,
): Promise<CurrentDataset> {
  const bucket = environment.output('DatasetBucketName');
  const uploads = new Map<string, Promise<void>>();
  let done = 0;
  const results = await mapConcurrently(
    options.items,
    options.concurrency ?? DEFAULT_CONCURRENCY,
    async (item) => {
      const result = await uploadItem(clients.s3, bucket, item, uploads);
      options.onProgress?.(++done, options.items.length);
      return result;
    },
  );
  const problems = results.flatMap((result) => (Array.isArray(result) ? result : []));
  if (results.length === 0) problems.push('there is no image in it');
  refuse('dataset refused', problems.slice(0, MOST_PROBLEMS_SHOWN));
  const body = results.map((line) => `${JSON.stringify(line)}\n`).join('');
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 12);
  const time = (options.now?.() ?? new Date()).toISOString().replaceAll(/[-:.]/g, '');
  const name = options.name ?? `upload-${time}-${digest}`;
  await clients.s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: incomingKey(name),
      Body: body,
      ContentType: 'application/x-ndjson',
    }),
  );
  return waitForGate(clients.s3, bucket, name, options);
}
