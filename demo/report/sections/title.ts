import { count, countedInWords, percent, seconds, unbroken } from '../format';
import { type Html, html } from '../html';
import { storyOf } from '../key-figures';
import type { ReportData } from '../report-data';

function framesOf({ devices }: ReportData): number {
  return devices.reduce(
    (sum, { windows }) => sum + windows.reduce((inner, { frames }) => inner + frames, 0),
    0,
  );
}

/** The whole run in one sentence; what did not happen is not said. */
export function inOneSentence(data: ReportData): string {
  const [before, unanswered, ...later] = storyOf(data);
  const looks = [before, unanswered, later.at(-1)].map((measured) => measured?.verdicts.review ?? null);
  const { executions, newClasses } = data.retraining;
  const taken = data.rollouts.filter(({ outcome }) => outcome === 'rolled back').length;
  const parts = [
    `${countedInWords(data.devices.length, 'device')} decided ${count(framesOf(data))} frames`,
    data.drift.length > 0 ? 'the monitor noticed that the line had drifted' : '',
    executions > 0
      ? `${countedInWords(executions, 'automatic retraining')}${newClasses.length > 0 ? ` added the new class ${newClasses.join(', ')}` : ' followed'}`
      : '',
    looks.every((share) => share !== null)
      ? `the share of parts that a person had to look at went from ${looks.map(percent).join(' to ')}`
      : '',
    taken > 0
      ? `${countedInWords(taken, 'wrong model was', 'wrong models were')} taken back without anybody's help`
      : '',
  ].filter((part) => part !== '');
  return `In ${seconds(data.totalSeconds)}, ${parts.slice(0, -1).join('; ')}${parts.length > 1 ? '; and ' : ''}${parts.at(-1)}.`;
}

export function titleSection(data: ReportData): Html {
  return html`<header><p class="kicker">Kaizen Edge · demo report · ${data.settingsName} run</p>
<h1>Train in the cloud, infer at the edge, keep improving</h1>
<p class="summary">${unbroken(inOneSentence(data))}</p>
<p class="none">Written <time datetime="${data.generatedAt}">${data.generatedAt.slice(0, 16).replace('T', ' ')} UTC</time>. Every figure was measured in this run.</p></header>
`;
}
