/** The demo's report as one HTML file that needs nothing else: no scripts, no fonts, no requests. */
import { type ReportSection, renderDocument } from './document';
import type { ReportData } from './report-data';
import { alarmsSection } from './sections/alarms';
import { benefitsSection } from './sections/benefits';
import { confusionsSection } from './sections/confusions';
import { driftSection } from './sections/drift';
import { examplesSection } from './sections/examples';
import { keyFiguresSection } from './sections/key-figure-cards';
import { lineSection } from './sections/line';
import { methodSection } from './sections/method';
import { modelsSection } from './sections/models';
import { phasesSection } from './sections/phases';
import { refusalsSection } from './sections/refusals';
import { rolloutsSection } from './sections/rollouts';
import { secondOpinionsSection } from './sections/second-opinions';
import { timelineSection } from './sections/timeline';
import { titleSection } from './sections/title';

/** In the order of the page: first what it comes to, then what happened, then the details. */
export const SECTIONS: readonly ReportSection<ReportData>[] = [
  { id: 'figures', link: 'Figures', render: keyFiguresSection },
  { id: 'line', link: 'Line', render: lineSection },
  { id: 'timeline', link: 'Timeline', render: timelineSection },
  { id: 'drift', link: 'Drift', render: driftSection },
  { id: 'alarms', link: 'Alarms', render: alarmsSection },
  { id: 'rollouts', link: 'Rollouts', render: rolloutsSection },
  { id: 'second-opinions', link: 'Second opinions', render: secondOpinionsSection },
  { id: 'confusions', link: 'Confusions', render: confusionsSection },
  { id: 'benefits', link: 'Benefits', render: benefitsSection },
  { id: 'models', link: 'Models', render: modelsSection },
  { id: 'examples', link: 'Examples', render: examplesSection },
  { id: 'refusals', link: 'Refusals', render: refusalsSection },
  { id: 'phases', link: 'Phases', render: phasesSection },
  { id: 'method', link: 'Method', render: methodSection },
];

/** @returns a whole HTML document; the same data give the same document */
export function renderReport(data: ReportData): string {
  return renderDocument({
    title: 'Kaizen Edge: demo report',
    head: titleSection(data),
    sections: SECTIONS.filter(({ id }) => id !== 'second-opinions' || data.secondOpinions.length > 0),
    data,
  });
}
