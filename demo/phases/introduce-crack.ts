/** The product changes too: a defect appears that no model in service has a name for. */
import { type DemoContext, note } from '../context';
import { waitFor } from '../waiting';

const CRACK = 'crack';
const LABEL_TIMEOUT_SECONDS = 600;

export async function introduceCrack(context: DemoContext): Promise<void> {
  await context.console.phase(
    `a new defect class '${CRACK}' appears; people label what came up`,
    async () => {
      context.line.change('crack');
      context.alarms.allow('escapes-high', Date.now(), 'no release in service knows cracks');
      note(context, 'line', `parts with the new defect '${CRACK}' appear`);
      await waitFor(
        { what: `labels of '${CRACK}'`, timeoutSeconds: LABEL_TIMEOUT_SECONDS, signal: context.signal },
        async () => {
          const counts = [...context.labeller.counts].map(([name, count]) => `${name} ${count}`);
          context.console.status(`labels so far: ${counts.join(', ')}`);
          return (context.labeller.counts.get(CRACK) ?? 0) > 0 ? true : undefined;
        },
      );
    },
  );
}
