/** G9: what it costs to trust a release before it is loaded. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import type { Release } from '../../contracts';
import { SESSION_OPTIONS } from '../../edge-components/inference/src/models/inference-session';
import { DiskReleaseStore, readEnvelope } from '../../edge-components/inference/src/releases/release-store';
import {
  authenticate,
  parseEnvelope,
  parseRelease,
  sha256Of,
} from '../../edge-components/inference/src/releases/release-verification';
import { signingKey } from '../../test/edge-components/release-fixture';
import type { Benchmark } from '../figure';
import { interleave, median, milliseconds, ratioOf } from '../measure';
import { WORK_FOLDER } from '../recipe';
import type { EdgeContext } from './context';
import { writeOffer } from './release';

const ROUNDS = 9;
const REPETITIONS = 15;

export const verification: Benchmark<EdgeContext> = {
  figures: [
    {
      id: 'G9',
      what: 'verifying a release (signature, contract, SHA-256 of its graph) / creating its session',
      goal: 0.15,
      better: 'lower',
    },
  ],
  async measure(context) {
    const folder = mkdtempSync(join(WORK_FOLDER, 'verification-'));
    try {
      const key = signingKey();
      const offer = join(folder, 'offer');
      const { files } = await writeOffer(context, 'int8', 1, key, offer);
      const store = await DiskReleaseStore.open(join(folder, 'releases'));
      const graph = readFileSync(context.model.pathOf('int8'));
      const envelope = parseEnvelope(await readEnvelope(offer));
      const times = await interleave(ROUNDS, {
        verify: () => medianTime(() => verify(offer, store, key.trusted, 1)),
        whole: () => medianTime(() => verify(offer, store, key.trusted, files.length)),
        create: () => medianTime(() => InferenceSession.create(graph, SESSION_OPTIONS)),
        // Of bytes that are there already: what nobody can go below.
        inMemory: () =>
          medianTime(async () => {
            sha256Of(graph);
            return parseRelease(authenticate(envelope, [key.trusted]));
          }),
      });
      const megabytes = (graph.length / 1e6).toFixed(2);
      return new Map([
        [
          'G9',
          ratioOf(
            times.verify,
            times.create,
            `medians of ${REPETITIONS}: envelope, signature (ECDSA P-256), contract and the int8 graph of ${megabytes} MB ${milliseconds(times.verify)}, creating its session ${milliseconds(times.create)}; SHA-256 and signature of bytes in memory ${milliseconds(times.inMemory)}; with all ${files.length} files of the release ${milliseconds(times.whole)}`,
          ),
        ],
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/**
 * What happens to an offered or stored release before it is loaded.
 * @param count how many of its files; the graph is the first
 */
async function verify(
  folder: string,
  store: DiskReleaseStore,
  key: Parameters<typeof authenticate>[1][number],
  count: number,
): Promise<Release> {
  const release = parseRelease(authenticate(parseEnvelope(await readEnvelope(folder)), [key]));
  for (const file of release.files.slice(0, count)) await store.verifyFile(folder, file);
  return release;
}

/** @param action what it answers is released, untimed, when it can be */
async function medianTime(action: () => Promise<Release | InferenceSession>): Promise<number> {
  const times: number[] = [];
  while (times.length < REPETITIONS) {
    const started = performance.now();
    const answer = await action();
    times.push(performance.now() - started);
    if ('release' in answer) await answer.release();
  }
  return median(times);
}
