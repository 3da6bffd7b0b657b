/**
 * Entry of the process that runs one graph, of an unknown release on trial or of the one in service: what native code does
 * there to itself, it does to nobody else.
 */
import { ModelError } from '../ports';
import { type HostAnswer, serveRequests } from './child-host';
import {
  asJsonNumber,
  type InferenceRequest,
  type RefusedAnswer,
  type RunAnswer,
} from './inference-protocol';
import { OnnxSession, startRuntime } from './inference-session';

/** A prepared host waits for its graph: time to do what needs none. */
const runtimeStarted = startRuntime();
let session: OnnxSession | undefined;

async function answer(request: InferenceRequest, body: Buffer): Promise<HostAnswer> {
  try {
    if (request.type === 'load') {
      await runtimeStarted;
      session = await OnnxSession.load(request);
      return { header: { ok: true } };
    }
    if (!session) throw new ModelError('no graph is loaded', 'run');
    const { probabilities, novelty, embedding, ...rest } = await session.run(body);
    const header: Omit<RunAnswer, 'id'> = {
      ok: true,
      ...rest,
      probabilities: probabilities.map(asJsonNumber),
      ...(novelty !== undefined && { novelty: asJsonNumber(novelty) }),
      ...(embedding && { embedding: embedding.map(asJsonNumber) }),
    };
    return { header };
  } catch (error) {
    const kind = error instanceof ModelError && error.kind !== 'gone' ? error.kind : 'run';
    const header: Omit<RefusedAnswer, 'id'> = { ok: false, kind, message: (error as Error).message };
    return { header };
  }
}

serveRequests(({ header, body }) => answer(header as InferenceRequest, body));
