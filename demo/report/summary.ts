/** The terminal's summary: the same figures as the page's head. */

import { bytes, seconds } from './format';
import { keyFigures } from './key-figures';
import type { ReportData } from './report-data';

const NAME_WIDTH = 34;

export function summaryText(data: ReportData): string {
  const figures = keyFigures(data).flatMap(({ name, value, detail }) => [
    `${name.padEnd(NAME_WIDTH)} ${value}`,
    `${''.padEnd(NAME_WIDTH)} ${detail}`,
  ]);
  return [
    ...figures,
    `${'Whole run'.padEnd(NAME_WIDTH)} ${seconds(data.totalSeconds)}, peak memory ${bytes(data.peakMemoryBytes)}`,
  ].join('\n');
}
