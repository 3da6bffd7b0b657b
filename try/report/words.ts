/** The report's sentences and key figures: one place, so that page and terminal cannot differ. Pure. */
import { bytes, count, counted, percent, ratio, seconds } from '../../demo/report/format';
import type { KeyFigure } from '../../demo/report/key-figures';
import type { Share, TryReportData } from './report-data';

/** 3 of 120 (2.5 %) */
export function shareInWords({ count: found, of }: Share): string {
  return of === 0 ? 'none to judge by' : `${count(found)} of ${count(of)} (${percent(found / of)})`;
}

/** What a sample of this size cannot exclude. */
export function boundInWords({ of, lower, upper }: Share): string {
  return of === 0
    ? ''
    : `between ${percent(lower)} and ${percent(upper)} in the long run, with 95 % confidence`;
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

export const passingClasses = ({ dataset }: TryReportData): string[] =>
  dataset.classes.filter(({ mayPass }) => mayPass).map(({ name }) => name);

/** What it comes to, in one or two sentences. */
export function verdictOf(data: TryReportData): string {
  const { inspection, training, rollouts } = data;
  if (!training.registered) return `The model was not released: ${training.sentence}`;
  if (!inspection) {
    const reasons = rollouts.flatMap(({ waves }) => waves.flatMap((wave) => wave.reasons));
    return `The model passed the gate and its rollout was taken back: ${reasons[0] ?? 'see below'}`;
  }
  const { escapes, falseRejects, review, right } = inspection;
  const good = `what is called ${listed(passingClasses(data))}`;
  return (
    `Four devices looked at ${counted(right.of, 'image')} that the training had not seen, each once. ` +
    `Of ${counted(escapes.of, 'defective part')} ${escapes.count === 0 ? 'none' : count(escapes.count)} would have passed; ` +
    `of ${counted(falseRejects.of, 'good part')} (${good}) ${falseRejects.count === 0 ? 'none' : count(falseRejects.count)} would have been taken out; ` +
    `a person would have had to look at ${count(review.count)}.`
  );
}

export function keyFiguresOf(data: TryReportData): KeyFigure[] {
  const { inspection, bandwidth, dataset } = data;
  const always = [
    {
      name: 'Time',
      value: seconds(data.totalSeconds),
      detail: `from ${counted(dataset.items, 'image')} to this report, on this machine`,
    },
  ];
  if (!inspection) return always;
  const { right, escapes, falseRejects, review } = inspection;
  const figures = [
    {
      name: 'Escapes',
      value: shareInWords(escapes),
      detail: `defective parts that pass; ${boundInWords(escapes)}`,
    },
    {
      name: 'False rejects',
      value: shareInWords(falseRejects),
      detail: `good parts that are taken out; ${boundInWords(falseRejects)}`,
    },
    { name: 'Review', value: shareInWords(review), detail: 'parts that a person has to look at' },
    {
      name: 'Right class',
      value: shareInWords(right),
      detail: 'the most probable class is the true one, whatever becomes of the part',
    },
  ];
  if (!bandwidth) return [...figures, ...always];
  const sent = bandwidth.resultBytes + bandwidth.captureBytes;
  return [
    ...figures,
    ...always,
    {
      name: 'Bytes sent',
      value: `${bytes(sent)} instead of ${bytes(bandwidth.streamedBytes)}`,
      detail: `for ${counted(bandwidth.frames, 'image')} in all; streaming them would take ${ratio(bandwidth.streamedBytes / sent)} as much`,
    },
  ];
}

const NAME_WIDTH = 16;

/** What the terminal shows at the end. */
export function summaryText(data: TryReportData): string {
  return [
    verdictOf(data),
    '',
    ...keyFiguresOf(data).map(({ name, value, detail }) => `${name.padEnd(NAME_WIDTH)} ${value}: ${detail}`),
  ].join('\n');
}
