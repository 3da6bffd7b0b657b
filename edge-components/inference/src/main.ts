/** Entry of the inference component: what starts when, signals, exit codes. */

import { readEnvironment } from './environment';
import { threadModelHost } from './models/model-hosts';
import { WITHOUT_TELEMETRY } from './models/onnx-telemetry';
import { jsonLog } from './shared/json-log';

/** The nucleus allows more; beyond this something hangs, and the state on disk is safe at any instant. */
const LONGEST_STOP_MILLISECONDS = 3_000;

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  // Of this process and so of its threads, before one of them loads ONNX Runtime.
  Object.assign(process.env, WITHOUT_TELEMETRY);
  const servingHost = threadModelHost();
  // The thread loads ONNX Runtime on another core while this one loads the rest.
  servingHost.prepare();
  const { componentAgent } = await import('./component.js');
  const agent = componentAgent(environment, servingHost, (reason) => void stop(reason, 1));

  let stopping = false;
  const stop = async (reason: string, exitCode = 0): Promise<void> => {
    if (stopping) return;
    stopping = true;
    jsonLog.info('stopping', { reason });
    setTimeout(() => process.exit(exitCode), LONGEST_STOP_MILLISECONDS).unref();
    await agent.stop();
    process.exit(exitCode);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  await agent.start();
}

main().catch((error: Error) => {
  jsonLog.error('cannot start', { error: error.message });
  process.exit(1);
});
