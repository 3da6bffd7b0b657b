/** The component with its real adapters: composition root. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type AgentPorts, InferenceAgent } from './agent';
import { S3CaptureStore } from './captures/s3-capture-store';
import { AcceptedConfigurationFile } from './configuration/accepted-configuration-file';
import { readConfiguration } from './configuration/configuration';
import { DocumentFolder } from './configuration/document-folder';
import { DocumentKeeper } from './configuration/document-keeper';
import type { Environment } from './environment';
import { openInspection } from './inspection/open-inspection';
import { ProcessModelHost } from './models/model-hosts';
import type { ProcessImageDecoder } from './models/process-image-decoder';
import { NucleusIpc } from './nucleus/nucleus-ipc';
import { FolderOfferInbox } from './releases/offer-inbox';
import { freeBytesOf } from './releases/release-store';
import { bootClock } from './shared/boot-clock';
import { jsonLog } from './shared/json-log';
import { resourceUsage } from './shared/resource-usage';
import { RunMarker } from './shared/run-marker';

/** Where the state of each use case lies, below the component's work folder. */
const USE_CASES_FOLDER = 'use-cases';
const clock = { now: () => Date.now(), monotonic: () => performance.now(), boot: bootClock() };

/** Native code, in processes of its own. */
export interface NativeProcesses {
  readonly servingHost: ProcessModelHost;
  readonly decoder: ProcessImageDecoder;
}

/** @param giveUp ends the process */
export function componentAgent(
  environment: Environment,
  native: NativeProcesses,
  giveUp: (reason: string) => void,
): InferenceAgent {
  const { AWS_IOT_THING_NAME: deviceId, WORK_PATH: workPath } = environment;
  const check = (configuration: unknown) => readConfiguration(configuration, deviceId);
  const checkConfiguration = (value: unknown): readonly string[] => {
    const reading = check(document.over(value));
    return reading.ok ? [] : reading.problems;
  };
  const nucleus = new NucleusIpc(
    jsonLog,
    checkConfiguration,
    (deploymentId) => agent.deferral(deploymentId),
    Math.random,
    environment,
  );
  const document = new DocumentKeeper({
    files: new DocumentFolder(workPath),
    deployed: () => nucleus.configuration(),
    check,
    clock,
    log: jsonLog,
  });
  const processId = randomBytes(6).toString('hex');
  const agent: InferenceAgent = new InferenceAgent({
    deviceId,
    processId,
    nucleus,
    componentVersion: environment.COMPONENT_VERSION,
    inbox: new FolderOfferInbox(join(workPath, 'inbox'), clock, jsonLog),
    decoderProblem: () => native.decoder.problem,
    resources: { usage: resourceUsage, freeDiskBytes: () => freeBytesOf(workPath) },
    markRun: () => RunMarker.put(workPath),
    document,
    acceptedConfiguration: new AcceptedConfigurationFile(join(workPath, 'accepted-configuration.json')),
    giveUp,
    openInspection: useCasesOf(environment, { processId, nucleus, ...native }),
    clock,
    log: jsonLog,
  });
  return agent;
}

interface Shared extends NativeProcesses {
  readonly processId: string;
  readonly nucleus: NucleusIpc;
}

/** Opens use cases that share what the device has once. */
function useCasesOf(
  environment: Environment,
  { processId, nucleus, servingHost, decoder }: Shared,
): AgentPorts['openInspection'] {
  const captureStore = new S3CaptureStore(environment.AWS_REGION);
  return async (request) => {
    const memoryBytes = (): number => request.component().trial.memoryBytes;
    const watchdogMilliseconds = (): number => request.component().trial.timeoutMilliseconds;
    // What a release may use on trial it may use in service: it would pass the one and die in the other.
    servingHost.memoryBytes = memoryBytes;
    servingHost.watchdogMilliseconds = watchdogMilliseconds;
    return openInspection({
      ...request,
      processId,
      decoder,
      captureStore,
      servingHost,
      folder: join(environment.WORK_PATH, USE_CASES_FOLDER, request.useCase),
      deviceId: environment.AWS_IOT_THING_NAME,
      trustedKeysPath: environment.TRUSTED_KEYS_PATH,
      architecture: `${process.platform}-${process.arch}`,
      publisher: nucleus,
      subscriber: nucleus,
      trialHost: new ProcessModelHost({
        name: 'trial process',
        watchdogMilliseconds,
        memoryBytes,
      }),
      clock,
      log: jsonLog,
      random: Math.random,
    });
  };
}
