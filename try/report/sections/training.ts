import { percent } from '../../../demo/report/format';
import { type Html, html, section } from '../../../demo/report/html';
import type { TryReportData } from '../report-data';

export function trainingSection({ training }: TryReportData): Html {
  const { script, epochs, input, sentence, registered, evaluation } = training;
  return section(
    'training',
    'Training and gate',
    `${script}, ${epochs} passes over the images, which the network sees as ${input}.`,
    html`<p class="outcome">${registered ? 'The gate let the model through.' : 'No model was released.'}</p><p>${sentence}</p>`,
    evaluation
      ? html`<p>On the held-out images the network is right in ${percent(evaluation.accuracy)}; logistic regression on the same pixels in ${percent(evaluation.linearBaselineAccuracy)}. A network that is no better has learnt nothing of its own.</p>`
      : '',
  );
}
