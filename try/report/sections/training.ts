import { type Html, html, section } from '../../../demo/report/html';
import type { TryReportData } from '../report-data';

export function trainingSection({ training }: TryReportData): Html {
  const { script, epochs, input, sentence, registered } = training;
  return section(
    'training',
    'Training and gate',
    `${script}, ${epochs} passes over the images, which the network sees as ${input}.`,
    html`<p class="outcome">${registered ? 'The gate let the model through.' : 'No model was released.'}</p><p>${sentence}</p>`,
  );
}
