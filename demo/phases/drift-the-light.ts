/** device -> telemetry: the light over the line ages; one device is offline for a while and loses nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DemoContext, keepSpan, note } from '../context';
import { accuracyOf } from '../observations';
import { percent } from '../pipeline';
import { noteChange, type TurnLog } from '../turns';
import { waitFor } from '../waiting';

const CATCH_UP_TIMEOUT_SECONDS = 60;

export async function driftTheLight(context: DemoContext, turn: TurnLog): Promise<void> {
  const { console } = context;
  await console.phase('the light drifts, and one device loses its network', async () => {
    context.line.change('drifted');
    const from = noteChange(turn);
    context.alarms.expect('drift-episode-open', from, 'the light over the line drifts');
    context.alarms.allow('accuracy-low', from, 'the release in service has not been trained for this light');
    // Novel frames go to a person, so that few defects pass although the release is wrong.
    context.alarms.allow('escapes-high', from, 'the release in service has not been trained for this light');
    note(context, 'line', 'the light over the line drifts: darker, warmer, a strong gradient');
    await goOffline(context);
    if (turn.changes.length > 1) keepSpan(context, 'light drift', from);
    const drifted = context.observations.all.filter(({ truth }) => truth.condition === 'drifted');
    note(
      context,
      'line',
      `accuracy under the drifted light: ${percent(accuracyOf(drifted))} of ${drifted.length} frames`,
    );
  });
}

/** The device goes on deciding; its results wait in the outbox and arrive later, each one once. */
async function goOffline(context: DemoContext): Promise<void> {
  const device = context.devices.at(-1);
  if (!device) throw new Error('the demo has no devices');
  device.cutNetwork();
  const from = Date.now();
  note(context, 'fault', `${device.thingName} loses its network`);
  context.outage.deviceId = device.thingName;
  context.outage.from = from;
  await sleep(context.settings.offlineSeconds * 1000, undefined, { signal: context.signal });
  device.restoreNetwork();
  const until = Date.now();
  context.outage.until = until;
  note(
    context,
    'fault',
    `${device.thingName} has its network back after ${context.settings.offlineSeconds} s`,
  );
  const shown = [...context.line.shown.values()].filter(
    (frame) => frame.deviceId === device.thingName && frame.shownAt >= from && frame.shownAt < until,
  );
  const missing = () => {
    const received = new Set(context.observations.all.map(({ record }) => record.frameId));
    return shown.filter(({ frameId }) => !received.has(frameId)).length;
  };
  await waitFor(
    {
      what: `${shown.length} results of ${device.thingName} that were made offline`,
      timeoutSeconds: CATCH_UP_TIMEOUT_SECONDS,
      signal: context.signal,
    },
    async () => {
      await context.observations.refresh();
      return missing() === 0 ? true : undefined;
    },
  );
  note(context, 'line', `all ${shown.length} results that ${device.thingName} made offline have arrived`);
}
