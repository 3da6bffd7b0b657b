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

/** Ids of the captures that have a label. */
export async function labelledCaptureIds(
  clients: Pick<Clients, 'dynamoDb'>,
  environment: KaizenEnvironment,
): Promise<Set<string>> {
  const tableName = environment.output('LabelTableName');
  const items = await queryUseCase(clients.dynamoDb, tableName, environment.useCase);
  return new Set(items.map((item) => String(item.captureId)));
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

/** Sidecars of all captures, or of those without a label. */
export async function readCaptures(
  clients: Pick<Clients, 's3' | 'dynamoDb'>,
  environment: KaizenEnvironment,
  options: { readonly unlabelledOnly: boolean; readonly limit?: number | undefined },
): Promise<Capture[]> {
  const labelled = options.unlabelledOnly
    ? await labelledCaptureIds(clients, environment)
    : new Set<string>();
  const locations = (await listCaptures(clients, environment)).filter(
    ({ captureId }) => !labelled.has(captureId),
  );
  const chosen = locations.slice(0, options.limit);
  const captures = await mapConcurrently(chosen, DEFAULT_CONCURRENCY, (location) =>
    readSidecar(clients, environment, location),
  );
  return captures.filter((capture) => capture !== undefined);
}
