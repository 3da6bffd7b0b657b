/** G10: SIGKILL at random instants of installations. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RELEASE_TRANSITIONS } from '../../edge-components/inference/src/releases/release-transitions';
import { Device } from '../../test/edge-components/device-harness';
import { killLoop } from '../../test/edge-components/kill-loop';
import { makeModels, offeredFolder, signingKey } from '../../test/edge-components/release-fixture';
import type { Benchmark } from '../figure';
import { countOf } from '../measure';
import type { EdgeContext } from './context';

const KILLS = 1_000;
const SEED = 20261123;
const TOLD_EVERY = 100;

/**
 * What a kill can come after: the offer, and every state that the installation reaches before the last one. Not WARM: the
 * switch that follows it is one assignment, so there is no time between the two.
 */
const STATES = [...new Set(RELEASE_TRANSITIONS.map(({ from }) => from))].filter((state) => state !== 'WARM');

export const kills: Benchmark<EdgeContext> = {
  onlyCounts: true,
  figures: [
    {
      id: 'G10-invalid',
      what: `states after ${KILLS} SIGKILLs during installations in which not one whole release serves`,
      goal: 0,
      better: 'lower',
    },
    {
      id: 'G10-states',
      what: 'states of the installation that a kill came after',
      goal: STATES.length,
      better: 'higher',
    },
  ],
  async measure({ artifact }) {
    const folder = mkdtempSync(join(tmpdir(), 'kaizen-kills-'));
    const key = signingKey();
    const device = new Device(folder, artifact.folder, [key]);
    try {
      const models = join(folder, 'models');
      makeModels(models);
      await device.start();
      const report = await killLoop({
        device,
        kills: KILLS,
        seed: SEED,
        release: async (counter) => {
          const offer = join(folder, 'offers', String(counter));
          await offeredFolder(offer, models, key, { counter });
          return offer;
        },
        onKill: (count) => {
          if (count % TOLD_EVERY === 0) console.log(`bench: ${count} of ${KILLS} kills`);
        },
      });
      for (const problem of report.invalid) console.log(`bench: ${problem}`);
      const hits = STATES.filter((state) => (report.byState[state] ?? 0) > 0);
      const byState = Object.entries(report.byState).map(([state, count]) => `${state} ${count}`);
      const method = `seed ${SEED}, real process and artifact, files compared with their signed digests and the served release asked after every kill; kills by state: ${byState.join(', ')}; ${report.accepted} releases accepted`;
      return new Map([
        ['G10-invalid', countOf(report.invalid.length, method)],
        ['G10-states', countOf(hits.length, `${hits.join(', ')} of ${STATES.join(', ')}`)],
      ]);
    } finally {
      await device.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
