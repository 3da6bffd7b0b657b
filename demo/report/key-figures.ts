/** The six figures that the page and the terminal both begin with: one place, so that they cannot differ. */
import { bytes, count, counted, milliseconds, percent, ratio, seconds } from './format';
import type { ReportData } from './report-data';
import { inWords } from './words';

export interface KeyFigure {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
}

function accuracyAt(data: ReportData, label: string): string {
  return percent(data.accuracy.find((entry) => entry.label === label)?.accuracy);
}

function wrongModel({ rollouts }: ReportData): KeyFigure {
  const rolledBack = rollouts.find(({ outcome }) => outcome === 'rolled back');
  if (!rolledBack)
    return { name: 'Wrong model', value: 'not taken back', detail: 'no rollout was taken back' };
  const { waves, seconds: duration } = rolledBack;
  const reason = waves.flatMap(({ reasons }) => reasons)[0];
  return {
    name: 'Wrong model',
    value: `taken back in ${seconds(duration)}`,
    detail: reason === undefined ? 'no reason was given' : inWords(reason),
  };
}

export function keyFigures(data: ReportData): KeyFigure[] {
  const { latency, bandwidth, availability, privacy } = data;
  const sent = bandwidth.resultBytes + bandwidth.captureBytes;
  const captures = privacy.reduce((sum, device) => sum + device.captures, 0);
  const captureBytes = privacy.reduce((sum, device) => sum + device.bytes, 0);
  return [
    {
      name: 'Accuracy on the line',
      value: `${accuracyAt(data, 'before the change')} → ${accuracyAt(data, 'light drift and crack')} → ${accuracyAt(data, 'after retraining')}`,
      detail: 'before the change, during drift and the new defect, after the automatic retraining',
    },
    wrongModel(data),
    {
      name: 'Bytes sent',
      value: `${bytes(sent)} instead of ${bytes(bandwidth.streamedBytes)}`,
      detail: `streaming every frame would take ${ratio(bandwidth.streamedBytes / sent)} as much`,
    },
    {
      name: 'Inferences made offline',
      value: count(availability.offlineInferences),
      detail: `${counted(availability.lostRecords, 'result')} lost in ${seconds(availability.offlineSeconds)} without a network`,
    },
    {
      name: 'Image bytes that left the devices',
      value: bytes(captureBytes),
      detail: `${counted(captures, 'image')}, each with its reason`,
    },
    {
      name: 'Latency',
      value: `${milliseconds(latency.edgeP50)} at the edge, ${milliseconds(latency.cloudP50)} by the cloud`,
      detail: `medians; ${latency.cloudWhat}`,
    },
  ];
}
