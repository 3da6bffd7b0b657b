import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { type Capture, parseContractJson } from '../../contracts';
import { DEFAULT_CONCURRENCY, mapConcurrently } from '../../lambda/shared/concurrency';
import { ifThere } from '../../lambda/shared/objects';
import {
  type CaptureLocation,
  captureOfSidecar,
  captureSidecarKey,
  useCaseCapturePrefix,
} from '../../lambda/telemetry/names';
import type { Clients } from '../shared/clients';
import { queryUseCase } from '../shared/dynamo';
import type { KaizenEnvironment } from '../shared/environment';

/** Every capture of the use case, by its sidecar; in the order of device and id. */
export async function listCaptures(
  clients: Pick<Clients, 's3'>,
  environment: KaizenEnvironment,
): Promise<CaptureLocation[]> {
  const { useCase } = environment;
  const captures: CaptureLocation[] = [];
  const ofUseCase = {
    Bucket: environment.output('TelemetryBucketName'),
    Prefix: useCaseCapturePrefix(useCase),
  };
  for await (const { Contents = [] } of paginateListObjectsV2({ client: clients.s3 }, ofUseCase)) {
    for (const { Key = '' } of Contents) {
      const capture = captureOfSidecar(useCase, Key);
      if (capture) captures.push(capture);
    }
  }
  return captures;
}

/** Labels of the captures that have one, by their ids. */
async function labelsByCapture(
  clients: Pick<Clients, 'dynamoDb'>,
  environment: KaizenEnvironment,
): Promise<ReadonlyMap<string, string>> {
  const tableName = environment.output('LabelTableName');
  const items = await queryUseCase(clients.dynamoDb, tableName, environment.useCase);
  return new Map(items.map(({ captureId, label }) => [String(captureId), String(label)]));
}

/**
 * A capture's sidecar; `undefined` when there is none.
 * @throws ContractError when it breaks its contract, Error when it is about another capture than its key says
 */
export async function readSidecar(
  clients: Pick<Clients, 's3'>,
  environment: KaizenEnvironment,
  location: CaptureLocation,
): Promise<Capture | undefined> {
  const key = captureSidecarKey(environment.useCase, location);
  const sidecar = { Bucket: environment.output('TelemetryBucketName'), Key: key };
  const found = await ifThere(clients.s3.send(new GetObjectCommand(sidecar)));
  if (!found) return undefined;
  const capture = parseContractJson('capture', (await found.Body?.transformToString()) ?? '', key);
  const { captureId, deviceId, useCase } = capture;
  // A device may write under its own name only, but into the file it may write anything.
  if (captureId !== location.captureId || deviceId !== location.deviceId || useCase !== environment.useCase) {
    throw new Error(`${key} is about capture ${captureId} of ${deviceId} (${useCase}): it is not trusted`);
  }
  return capture;
}

export interface CaptureFilter {
  /** Only those without a label. */
  readonly unlabelledOnly: boolean;
  /** Only those with this label. @default - any */
  readonly labelledAs?: string | undefined;
  readonly limit?: number | undefined;
}

/** Sidecars of the captures that pass the filter. */
export async function readCaptures(
  clients: Pick<Clients, 's3' | 'dynamoDb'>,
  environment: KaizenEnvironment,
  { unlabelledOnly, labelledAs, limit }: CaptureFilter,
): Promise<Capture[]> {
  const asksForLabels = unlabelledOnly || labelledAs !== undefined;
  const labels = asksForLabels ? await labelsByCapture(clients, environment) : new Map<string, string>();
  const passes = ({ captureId }: CaptureLocation): boolean =>
    !asksForLabels || labels.get(captureId) === (unlabelledOnly ? undefined : labelledAs);
  const chosen = (await listCaptures(clients, environment)).filter(passes).slice(0, limit);
  const captures = await mapConcurrently(chosen, DEFAULT_CONCURRENCY, (location) =>
    readSidecar(clients, environment, location),
  );
  return captures.filter((capture) => capture !== undefined);
}
