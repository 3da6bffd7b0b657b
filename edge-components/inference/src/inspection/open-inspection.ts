/** A use case with its state on this device's disk: composition root. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ownValue } from '../../../../contracts/own-value';
import { frameSourceOf } from '../cameras/sources';
import { CaptureSpool } from '../captures/capture-spool';
import type { ComponentSettings } from '../configuration/configuration';
import { modbusDecisionOutput } from '../decisions/modbus-decision-output';
import { DiskReleaseStore, listFolder, readEnvelope } from '../releases/release-store';
import { readTrustedKeys } from '../releases/trusted-keys-file';
import { Outbox } from '../results/outbox';
import { envelopeBytes } from '../results/results-message';
import { assembleInspection, type InspectionPorts } from './assemble-inspection';
import type { Inspection } from './inspection';
import { pointFor } from './operating-point';

/** What {@link openInspection} makes of the folder. */
type Opened =
  | 'store'
  | 'outbox'
  | 'captures'
  | 'offers'
  | 'trustedKeys'
  | 'frameSourceOf'
  | 'openDecisionOutput'
  | 'captureBucket';

export interface InspectionOptions extends Omit<InspectionPorts, Opened> {
  /** Holds all state of this use case. */
  readonly folder: string;
  readonly trustedKeysPath: string;
  readonly component: () => ComponentSettings;
}

/**
 * Opens the state on disk and brings the release of before back into service.
 * @throws Error when the disk cannot be used
 */
export async function openInspection(options: InspectionOptions): Promise<Inspection> {
  const { folder, settings, component, useCase, deviceId, clock, log, random } = options;
  await mkdir(folder, { recursive: true });
  const store = await DiskReleaseStore.open(join(folder, 'releases'), {
    limits: () => component().storage,
    lifted: () => component().liftedQuarantines[deviceId] ?? {},
  });
  const outbox = await Outbox.open(join(folder, 'outbox'), () => settings().outbox, {
    envelopeBytes: envelopeBytes(useCase, deviceId),
    resendMilliseconds: () => {
      const { confirmations } = settings();
      return confirmations && confirmations.resendSeconds * 1_000;
    },
  });
  const captureBucket = (): string => component().captureBucket;
  const captures = await CaptureSpool.open({
    ...options,
    folder: join(folder, 'captures'),
    store: options.captureStore,
    upload: () => settings().upload,
    captureBucket,
  });
  const maximumFrameBytes = (): number => settings().limits.maximumFrameBytes;
  const ports: InspectionPorts = {
    ...options,
    store,
    outbox,
    captures,
    captureBucket,
    askedPoint: () => pointFor(ownValue(component().operatingPoints, useCase), deviceId),
    offers: { envelope: readEnvelope, list: listFolder },
    trustedKeys: () => readTrustedKeys(options.trustedKeysPath),
    frameSourceOf: (cameraId, configuration) =>
      frameSourceOf(cameraId, configuration, { clock, log, random, maximumFrameBytes }),
    openDecisionOutput: (configuration) => modbusDecisionOutput(configuration, { log, clock, random }),
  };
  return assembleInspection(ports);
}
