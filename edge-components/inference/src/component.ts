/** The component with its real adapters. */

import { InferenceAgent } from './agent';
import { S3CaptureStore } from './captures/s3-capture-store';
import { readConfiguration } from './configuration/configuration';
import type { Environment } from './environment';
import { SharpImageDecoder } from './models/image-decoder';
import { processModelHost } from './models/model-hosts';
import { NucleusIpc } from './nucleus/nucleus-ipc';
import type { ModelHost } from './ports';
import { jsonLog } from './shared/json-log';

export function componentAgent(environment: Environment, servingHost: ModelHost): InferenceAgent {
  const deviceId = environment.AWS_IOT_THING_NAME;
  const judge = (value: unknown): readonly string[] => {
    const reading = readConfiguration(value, deviceId);
    return reading.ok ? [] : reading.problems;
  };
  const agent: InferenceAgent = new InferenceAgent({
    deviceId,
    componentVersion: environment.COMPONENT_VERSION,
    workPath: environment.WORK_PATH,
    trustedKeysPath: environment.TRUSTED_KEYS_PATH,
    architecture: `${process.platform}-${process.arch}`,
    ipc: new NucleusIpc(
      jsonLog,
      judge,
      (deploymentId) => agent.deferral(deploymentId),
      Math.random,
      environment,
    ),
    trialHost: (limits) =>
      processModelHost({
        watchdogMilliseconds: () => limits().timeoutMilliseconds,
        memoryBytes: () => limits().memoryBytes,
      }),
    servingHost,
    decoder: new SharpImageDecoder(),
    captureStore: new S3CaptureStore(environment.AWS_REGION),
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    log: jsonLog,
    random: Math.random,
  });
  return agent;
}
