/** The six figures that the page and the terminal both begin with: one place, so that they cannot differ. */
import { bytes, count, milliseconds, percent, ratio } from './format';
import type { ReportData } from './report-data';

export interface KeyFigure {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
}

function accuracyAt(data: ReportData, label: string): string {
  return percent(data.accuracy.find((entry) => entry.label === label)?.accuracy);
}

export function keyFigures(data: ReportData): KeyFigure[] {
  const { latency, bandwidth, availability, privacy } = data;
  const sent = bandwidth.resultBytes + bandwidth.captureBytes;
  const rolledBack = data.rollouts.find(({ outcome }) => outcome === 'rolled back');
  const captures = privacy.reduce((sum, device) => sum + device.captures, 0);
  const captureBytes = privacy.reduce((sum, device) => sum + device.bytes, 0);
  return [
    {
      name: 'Accuracy on the line',
      value: `${accuracyAt(data, 'before the change')} → ${accuracyAt(data, 'light drift and crack')} → ${accuracyAt(data, 'after retraining')}`,
      detail: 'before the change, during drift and the new defect, after the automatic retraining',
    },
    {
      name: 'Wrong model',
      value: rolledBack ? 'taken back' : 'not taken back',
      detail: rolledBack?.waves.flatMap(({ reasons }) => reasons)[0] ?? 'no rollout was taken back',
    },
    {
      name: 'Bytes sent',
      value: `${bytes(sent)} instead of ${bytes(bandwidth.streamedBytes)}`,
      detail: `${ratio(bandwidth.streamedBytes / sent)} less than streaming every frame`,
    },
    {
      name: 'Inferences made offline',
      value: count(availability.offlineInferences),
      detail: `${availability.lostRecords} results lost in ${Math.round(availability.offlineSeconds)} s without a network`,
    },
    {
      name: 'Image bytes that left the devices',
      value: bytes(captureBytes),
      detail: `${count(captures)} images, each with its reason`,
    },
    {
      name: 'Latency',
      value: `${milliseconds(latency.edgeP50)} at the edge, ${milliseconds(latency.cloudP50)} by the cloud`,
      detail: `medians; ${latency.cloudWhat}`,
    },
  ];
}
