import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';
import { table } from '../table';

export function refusalsSection({ refusals }: ReportData): Html {
  return section(
    'refusals',
    'Releases that devices refused',
    'A device checks signature, target, counter and every digest itself, and goes on serving while it refuses.',
    table(
      'Refused releases',
      ['device', 'code', 'what'],
      refusals.map(({ deviceId, code, what }) => [deviceId, html`<code>${code}</code>`, what]),
    ),
  );
}
