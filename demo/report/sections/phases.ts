import { bytes, seconds } from '../format';
import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';
import { table } from '../table';

export function phasesSection({
  phases,
  totalSeconds,
  peakMemoryBytes,
}: Pick<ReportData, 'phases' | 'totalSeconds' | 'peakMemoryBytes'>): Html {
  return section(
    'phases',
    'Phases',
    '',
    table(
      'Phases of the run and their times',
      ['phase', 'time'],
      phases.map((phase) => [phase.name, seconds(phase.seconds)]),
    ),
    html`<p>The whole run took ${seconds(totalSeconds)}; all its processes together used at most ${bytes(peakMemoryBytes)} of memory.</p>`,
  );
}
