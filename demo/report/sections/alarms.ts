import { startOf } from '../chart';
import { clock } from '../format';
import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';
import { table } from '../table';

export function alarmsSection(data: ReportData): Html {
  const start = startOf(data);
  return section(
    'alarms',
    'Alarms that went off',
    'CloudWatch evaluates them from what functions, queues and services measure. A high alarm calls whoever is subscribed to the topic; a low one waits for the next working day. The run fails when an alarm goes off for nothing that happened, or does not go off when it should.',
    table(
      'Alarms',
      ['alarm', 'severity', 'because', 'went off', 'ended', 'message arrived', 'what CloudWatch says'],
      data.alarms.map(({ heading, severity, because, from, until, calledAt, sentence, reason }) => [
        heading,
        severity,
        because,
        clock(from, start),
        until === null ? 'not yet' : clock(until, start),
        calledAt !== null
          ? clock(calledAt, start)
          : severity === 'low'
            ? 'calls nobody'
            : 'nobody was subscribed yet',
        html`${sentence} <br><span class="note">${reason}</span>`,
      ]),
    ),
  );
}
