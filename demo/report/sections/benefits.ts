import { bytes, count, milliseconds, ratio, seconds } from '../format';
import { type Html, html, section } from '../html';
import { sentBytes } from '../key-figures';
import type { ReportData } from '../report-data';
import { table } from '../table';
import { spaced } from '../words';

function panel(title: string, ...body: readonly Html[]): Html {
  return html`<article class="card"><h3>${title}</h3>${body}</article>`;
}

/** A bar beside its figure; the figure says it too, so a screen reader skips the bar. */
function bar(share: number): Html {
  const width = Number.isFinite(share) ? Math.min(100, Math.max(0.5, share * 100)) : 0;
  return html`<span class="bar" aria-hidden="true"><span style="width:${width.toFixed(1)}%"></span></span>`;
}

function latencyPanel({ latency }: ReportData): Html {
  return panel(
    'Latency',
    table(
      'Time from frame to decision',
      ['decided', 'median', '99th percentile', 'medians compared'],
      [
        [
          'at the edge',
          milliseconds(latency.edgeP50),
          milliseconds(latency.edgeP99),
          bar(latency.edgeP50 / latency.cloudP50),
        ],
        ['by the cloud', milliseconds(latency.cloudP50), milliseconds(latency.cloudP99), bar(1)],
      ],
    ),
    html`<p class="note">By the cloud: ${latency.cloudWhat}.</p>`,
  );
}

function bandwidthPanel({ bandwidth }: ReportData): Html {
  const { streamedBytes, resultBytes, captureBytes, questionBytes, steady } = bandwidth;
  return panel(
    'Bandwidth',
    table(
      'Bytes over the network',
      ['what', 'bytes', 'compared'],
      [
        ['every frame, streamed', bytes(streamedBytes), bar(1)],
        ['results', bytes(resultBytes), bar(resultBytes / streamedBytes)],
        ['captured images', bytes(captureBytes), bar(captureBytes / streamedBytes)],
        ['questions for a second opinion', bytes(questionBytes), bar(questionBytes / streamedBytes)],
      ],
    ),
    html`<p class="note">Streaming every frame would take ${ratio(streamedBytes / sentBytes({ bandwidth }))} as much; while the line ran as it should, ${ratio(steady.streamedBytes / steady.sentBytes)}. Results are counted as they are sent, compressed; images as they are stored, with what is noted beside them.</p>`,
  );
}

function availabilityPanel({ availability }: ReportData): Html {
  return panel(
    'Availability',
    table(
      `${availability.deviceId || 'One device'} without a network`,
      ['what', 'value'],
      [
        ['without a network for', seconds(availability.offlineSeconds)],
        ['decisions made meanwhile', count(availability.offlineInferences)],
        ['results lost', count(availability.lostRecords)],
      ],
    ),
    html`<p class="note">The device went on deciding; its results waited in its outbox until the network was back.</p>`,
  );
}

function privacyPanel({ privacy }: ReportData): Html {
  const reasons = [...new Set(privacy.flatMap(({ byReason }) => Object.keys(byReason)))].sort();
  return panel(
    'Privacy',
    table(
      'Images that left the devices, and why',
      ['device', 'images', 'bytes', ...reasons.map(spaced)],
      privacy.map(({ deviceId, captures, bytes: size, byReason }) => [
        deviceId,
        count(captures),
        bytes(size),
        ...reasons.map((reason) => count(byReason[reason] ?? 0)),
      ]),
    ),
    html`<p class="note">An image may have more than one reason. All other images stayed where they were taken.</p>`,
  );
}

export function benefitsSection(data: ReportData): Html {
  return section(
    'benefits',
    'Four reasons to decide at the edge',
    'Latency, bandwidth, availability and privacy, measured in this run.',
    html`<div class="columns">${[latencyPanel(data), bandwidthPanel(data), availabilityPanel(data), privacyPanel(data)]}</div>`,
  );
}
