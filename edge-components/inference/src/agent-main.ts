/** Entry of the agent, which is the component but for its native code: what starts when, signals, exit codes. */
import { readEnvironment } from './environment';
import { ProcessModelHost } from './models/model-hosts';
import { ProcessImageDecoder } from './models/process-image-decoder';
import { jsonLog } from './shared/json-log';
import { NEEDS_ANOTHER_START, RUNNING } from './supervision/agent-end';
import { guardGroup, killGroup } from './supervision/process-group';

/** The nucleus allows more; beyond this something hangs, and the state on disk is safe at any instant. */
const LONGEST_STOP_MILLISECONDS = 3_000;

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const servingHost = new ProcessModelHost();
  const decoder = new ProcessImageDecoder({ log: jsonLog, random: Math.random });
  // The processes load ONNX Runtime and libvips on another core while this one loads the rest.
  servingHost.prepare();
  decoder.prepare();
  // Behind them: the line waits for the graph's process, and until one is loaded nothing in there outlives its socket.
  guardGroup(process.pid);
  const { componentAgent } = await import('./component.js');
  const agent = componentAgent(environment, { servingHost, decoder }, (reason) => {
    void stop(reason, NEEDS_ANOTHER_START);
  });

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
  process.send?.(RUNNING);
}

// The watched process is gone: another one starts another agent, which must find nobody at work.
process.on('disconnect', () => {
  killGroup(process.pid);
  process.exit(1);
});
main().catch((error: Error) => {
  jsonLog.error('cannot start', { error: error.message });
  process.exit(1);
});
