/** The tool breaks: a defect appears that no model in service has a name for, on every fifth part. */
import { type DemoContext, note } from '../context';
import { NEW_CLASS } from '../settings';
import { noteChange, type TurnLog } from '../turns';
import { waitFor } from '../waiting';

const LABEL_TIMEOUT_SECONDS = 600;

export async function introduceCrack(context: DemoContext, turn: TurnLog): Promise<void> {
  const { alarms, console, labeller, line, signal } = context;
  await console.phase(
    `the tool breaks: a new defect class '${NEW_CLASS}' appears; people label what came up`,
    async () => {
      line.change('broken-tool');
      const from = noteChange(turn);
      alarms.allow('escapes-high', from, 'no release in service knows cracks');
      alarms.allow('accuracy-low', from, 'no release in service knows cracks');
      alarms.allow('drift-episode-open', from, 'no release in service knows cracks');
      note(context, 'line', `the tool breaks: one part of five has the new defect '${NEW_CLASS}'`);
      await waitFor(
        { what: `labels of '${NEW_CLASS}'`, timeoutSeconds: LABEL_TIMEOUT_SECONDS, signal },
        async () => {
          const counts = [...labeller.counts].map(([name, count]) => `${name} ${count}`);
          console.status(`labels so far: ${counts.join(', ')}`);
          return (labeller.counts.get(NEW_CLASS) ?? 0) > 0 ? true : undefined;
        },
      );
    },
  );
}
