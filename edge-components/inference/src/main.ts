/** Entry of com.kaizenedge.Inference: environment, adapters, signals, exit codes. */
import { isIdentifier } from './adapters/frame-message';
import { SharpImageDecoder } from './adapters/image-decoder';
import { jsonLog } from './adapters/json-log';
import { processModelHost, threadModelHost } from './adapters/model-hosts';
import { NucleusIpc } from './adapters/nucleus-ipc';
import { S3CaptureStore } from './adapters/s3-capture-store';
import { InferenceAgent } from './agent';
import { readConfiguration } from './domain/configuration';

/** The nucleus allows more; beyond this something hangs, and the state on disk is safe at any instant. */
const LONGEST_STOP_MILLISECONDS = 3_000;
const REQUIRED = [
  'AWS_IOT_THING_NAME',
  'WORK_PATH',
  'TRUSTED_KEYS_PATH',
  'COMPONENT_VERSION',
  'AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT',
  'SVCUID',
] as const;

type Environment = Readonly<Record<(typeof REQUIRED)[number], string>>;

/** @throws Error naming every variable that is missing or wrong */
function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const problems = REQUIRED.filter((name) => !variables[name]).map((name) => `${name} is not set`);
  const thingName = variables.AWS_IOT_THING_NAME;
  if (thingName && !(isIdentifier(thingName) && /^[a-zA-Z0-9_-]{1,124}$/.test(thingName))) {
    problems.push(`AWS_IOT_THING_NAME must match ^[a-zA-Z0-9_-]{1,124}$, got '${thingName}'`);
  }
  if (problems.length > 0) throw new Error(`environment: ${problems.join('; ')}`);
  return Object.fromEntries(REQUIRED.map((name) => [name, variables[name]])) as Environment;
}

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
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
    ipc: new NucleusIpc(jsonLog, judge, (deploymentId) => agent.deferral(deploymentId), Math.random),
    trialHost: (limits) =>
      processModelHost({
        watchdogMilliseconds: () => limits().timeoutMilliseconds,
        memoryBytes: () => limits().memoryBytes,
      }),
    servingHost: threadModelHost(),
    decoder: new SharpImageDecoder(),
    captureStore: new S3CaptureStore(process.env.AWS_REGION),
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    log: jsonLog,
    random: Math.random,
  });

  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    jsonLog.info('stopping', { signal });
    setTimeout(() => process.exit(0), LONGEST_STOP_MILLISECONDS).unref();
    await agent.stop();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  await agent.start();
}

main().catch((error: Error) => {
  jsonLog.error('cannot start', { error: error.message });
  process.exit(1);
});
