/** Captures on one page, to see what to label. Pure. */
import { join } from 'node:path';
import type { Capture } from '../../contracts';
import { type Html, html } from '../shared/html';
import { pageList, renderPage } from '../shared/page';

export interface SheetCapture {
  readonly capture: Capture;
  /** Name of the image beside the page. */
  readonly file?: string | undefined;
  /** Data URI. */
  readonly thumbnail?: string | undefined;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

function figure({ capture, file, thumbnail }: SheetCapture): Html {
  const { captureId, deviceId, capturedAt, predictedClass = 'no class', confidence, reasons } = capture;
  const { secondOpinion } = capture;
  const image =
    thumbnail === undefined ? '' : html`<img src="${thumbnail}" alt="${captureId}" loading="lazy">`;
  const share = confidence === undefined ? '' : `, ${percent(confidence)}`;
  const second = secondOpinion
    ? html`<br>second opinion: ${secondOpinion.predictedClass}, ${percent(secondOpinion.confidence)}`
    : '';
  return html`<figure>${file === undefined ? image : html`<a href="${file}">${image}</a>`}<figcaption><strong>${predictedClass}</strong>${share}${second}<br>${reasons.join(', ')}<br>${deviceId}, ${capturedAt}<br><code>${captureId}</code></figcaption></figure>`;
}

/**
 * Grouped by what the model said, the least certain first: there labels teach most.
 * @returns a whole HTML document; the same captures give the same document
 */
export function contactSheet(
  captures: readonly SheetCapture[],
  { folder, environment }: { readonly folder: string; readonly environment: string },
): string {
  const classes = [...new Set(captures.map(({ capture }) => capture.predictedClass ?? ''))].sort();
  const command = `npx kaizen label --file ${join(folder, 'labels.csv')} --env ${environment}`;
  return renderPage(
    `${captures.length} captures`,
    html`<p>Write the true class into the second column of <code>labels.csv</code> (a line without one is left for later), then: <code>${command}</code></p>`,
    classes.map((name) => {
      const members = captures
        .filter(({ capture }) => (capture.predictedClass ?? '') === name)
        .sort((left, right) => (left.capture.confidence ?? 0) - (right.capture.confidence ?? 0));
      return html`<h2>Predicted ${name === '' ? 'no class' : name} (${members.length})</h2>${pageList(members.map(figure), 'pictures')}`;
    }),
  );
}
