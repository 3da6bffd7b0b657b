/** monitoring: the field no longer looks like what the release was validated on, and labels say that it errs. */
import { type DemoContext, note } from '../context';
import { readEpisodes } from '../episodes';
import { waitFor } from '../waiting';

/** A schedule of one minute, the time until enough results are in, and slack. */
const DRIFT_TIMEOUT_SECONDS = 240;

export async function detectDrift(context: DemoContext): Promise<void> {
  await context.console.phase(
    "monitoring: drift against the release's baseline, accuracy by labels",
    async () => {
      const episode = await waitFor(
        {
          what: 'the monitor to open a drift episode',
          timeoutSeconds: DRIFT_TIMEOUT_SECONDS,
          signal: context.signal,
        },
        async () => (await readEpisodes(context))[0],
      );
      note(context, 'drift', `drift episode opened for release ${episode.releaseId}: ${episode.evidence}`);
      await context.alarms.hears('drift-episode-open', context.signal);
    },
  );
}
