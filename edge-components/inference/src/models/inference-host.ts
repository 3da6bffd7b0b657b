/**
 * Entry of the thread (serving) or process (trial of an unknown release) that runs one graph. `session.run` is a
 * synchronous native call: on the main thread it would stop the socket, the timers and the IPC for its duration.
 */
import { parentPort } from 'node:worker_threads';
import { ModelError } from '../ports';
import type { HostReply, HostRequest } from './inference-protocol';
import { OnnxSession, startRuntime } from './inference-session';

/** A prepared host waits for its graph: time to do what needs none. */
const runtimeStarted = startRuntime();
let session: OnnxSession | undefined;

async function answer(request: HostRequest): Promise<HostReply> {
  const { id } = request;
  try {
    if (request.type === 'load') {
      await runtimeStarted;
      session = await OnnxSession.load(request);
      return { id, ok: true };
    }
    if (!session) throw new ModelError('no graph is loaded', 'run');
    return { id, ok: true, ...(await session.run(request.pixels)) };
  } catch (error) {
    const kind = error instanceof ModelError && error.kind !== 'gone' ? error.kind : 'run';
    return { id, ok: false, kind, message: (error as Error).message };
  }
}

if (parentPort) {
  const port = parentPort;
  port.on('message', async (request: HostRequest) => port.postMessage(await answer(request)));
} else {
  process.on('message', async (request: HostRequest) => process.send?.(await answer(request)));
  // The component is gone: nobody will close this process.
  process.on('disconnect', () => process.exit(0));
}
