/** monitoring: the field no longer looks like what the release was validated on, or labels say that it errs. */
import { releaseIdOf } from '../../lambda/registry/names';
import { type DemoContext, note } from '../context';
import { readEpisodes } from '../episodes';
import type { TurnLog } from '../turns';
import { waitFor } from '../waiting';

/**
 * Only ends what hangs. A new light is found at the next evaluation, within a minute. A new defect that the release takes for
 * known ones moves nothing but their share, and labels of a few control captures have to find it (231 s in one run).
 */
const DRIFT_TIMEOUT_SECONDS = 600;

export async function detectDrift(context: DemoContext, turn: TurnLog): Promise<void> {
  await context.console.phase(
    "monitoring: drift against the release's baseline, accuracy by labels",
    async () => {
      const inService = releaseIdOf(context.environment.useCase, turn.number - 1);
      const episode = await waitFor(
        {
          what: `the monitor to open a drift episode for ${inService}`,
          timeoutSeconds: DRIFT_TIMEOUT_SECONDS,
          signal: context.signal,
        },
        async () => (await readEpisodes(context)).find(({ releaseId }) => releaseId === inService),
      );
      turn.episodeAt = Date.parse(episode.openedAt);
      note(
        context,
        'drift',
        `drift episode opened for release ${episode.releaseId}: ${episode.evidence}`,
        turn.episodeAt,
      );
      // Later ones may follow while the alarm has not ended yet.
      if (turn === context.turns[0]) await context.alarms.hears('drift-episode-open', context.signal);
    },
  );
}
