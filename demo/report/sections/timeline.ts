import { startOf } from '../chart';
import { clock, count, percent, seconds } from '../format';
import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';
import { table } from '../table';
import { timelineChart } from '../timeline-chart';
import { inWords } from '../words';

const KIND_NAMES: Readonly<Record<ReportData['events'][number]['kind'], string>> = {
  line: '● line',
  training: '▢ training',
  release: '■ release',
  rollout: '◆ rollout',
  drift: '▲ drift',
  alarm: '▼ alarm',
  fault: '⬣ fault',
};

export function timelineSection(data: ReportData): Html {
  const start = startOf(data);
  const events = data.events.map(
    ({ at, kind, what }) =>
      html`<li><span class="time">${clock(at, start)}</span> <span class="kind">${KIND_NAMES[kind]}</span> <span>${inWords(what)}</span></li>`,
  );
  return section(
    'timeline',
    'What happened, device by device',
    'The line is the accuracy against the truth in windows of five seconds; it breaks where a device made no decision. Bands show the release that decided. Times are minutes and seconds since the start; numbers refer to the list below.',
    data.devices.length === 0 ? html`<p class="none">No device reported anything.</p>` : timelineChart(data),
    data.events.length === 0
      ? html`<p class="none">No events.</p>`
      : html`<h3>Events</h3><ol class="events">${events}</ol>`,
    table(
      'Verdicts against the truth, by span of the run',
      [
        'span',
        'frames',
        'defective',
        'escapes',
        'without novelty',
        'false rejects',
        'review',
        'cost',
        'accuracy',
      ],
      data.accuracy.map(({ label, frames, accuracy, verdicts }) => [
        label,
        count(frames),
        count(verdicts.defects),
        percent(verdicts.escapes),
        percent(verdicts.escapesAsClassified),
        percent(verdicts.falseRejects),
        percent(verdicts.review),
        count(verdicts.costPerThousand),
        percent(accuracy),
      ]),
    ),
    html`<p class="note">Escapes: defective parts that pass, and how many would if novel frames did not go to a person. False rejects: good parts that are taken out. Review: all parts that a person looks at. Cost: of 1,000 parts, in the unit of the plant’s disposition policy.</p>`,
    table(
      'Turns of the loop: time since the first change of the line',
      ['change', 'drift episode', 'retraining', 'model', 'cured fleet'],
      data.turns.map(({ change, toEpisode, toRetraining, toModel, toCure }) => [
        change,
        seconds(toEpisode),
        seconds(toRetraining),
        seconds(toModel),
        seconds(toCure),
      ]),
    ),
  );
}
