/** The report of a try as one HTML file that needs nothing else. */
import { type ReportSection, renderDocument } from '../../demo/report/document';
import { confusionsSection } from '../../demo/report/sections/confusions';
import { modelsSection } from '../../demo/report/sections/models';
import { phasesSection } from '../../demo/report/sections/phases';
import { rolloutsSection } from '../../demo/report/sections/rollouts';
import type { TryReportData } from './report-data';
import { datasetSection } from './sections/dataset';
import { devicesSection } from './sections/devices';
import { figuresSection } from './sections/figures';
import { mistakesSection } from './sections/mistakes';
import { methodSection, nextSection } from './sections/next';
import { partsSection } from './sections/parts';
import { titleSection } from './sections/title';
import { trainingSection } from './sections/training';
import { TRY_STYLE } from './style';

/** In the order of the page: what it comes to, what to look at, what to do, then the details. */
export const SECTIONS: readonly ReportSection<TryReportData>[] = [
  { id: 'figures', link: 'In short', render: figuresSection },
  { id: 'parts', link: 'Parts', render: partsSection },
  { id: 'examples', link: 'What to look at', render: mistakesSection },
  {
    id: 'confusions',
    link: 'Confusions',
    render: ({ inspection, training: { evaluation } }) =>
      confusionsSection({ confusions: [inspection?.confusion ?? evaluation?.confusion ?? []].flat() }),
  },
  { id: 'next', link: 'Next', render: nextSection },
  { id: 'dataset', link: 'Data set', render: datasetSection },
  { id: 'training', link: 'Training', render: trainingSection },
  { id: 'models', link: 'Models', render: modelsSection },
  { id: 'rollouts', link: 'Rollout', render: rolloutsSection },
  { id: 'devices', link: 'Devices', render: devicesSection },
  { id: 'phases', link: 'Time', render: phasesSection },
  { id: 'method', link: 'Method', render: methodSection },
];

/** @returns a whole HTML document; the same data give the same document */
export function renderTryReport(data: TryReportData): string {
  return renderDocument({
    title: `Kaizen Edge: ${data.name}`,
    head: titleSection(data),
    style: TRY_STYLE,
    sections: SECTIONS,
    data,
  });
}
