import { bytes, count, milliseconds, percent, usd } from '../format';
import { type Html, html, section } from '../html';
import type { ReportData } from '../report-data';
import { table } from '../table';

type Opinions = ReportData['secondOpinions'][number];

const wasAsked = ({ asked }: Opinions): boolean => asked > 0;

export function secondOpinionsSection({ secondOpinions }: Pick<ReportData, 'secondOpinions'>): Html {
  const spans = secondOpinions.filter(wasAsked);
  return section(
    'second-opinions',
    'Second opinions',
    'What a device would send to a person it may first show to the larger network in the cloud. Nothing waits for it: the line is told review at once, and an answer that comes while the part is there takes its place.',
    table(
      'What was asked, and what came of it',
      [
        'span',
        'frames',
        'reviewed',
        'asked',
        'answered in time',
        'late',
        'over budget',
        'other',
        'median',
        '95th percentile',
      ],
      spans.map(({ label, frames, reviewed, asked, outcomes, millisecondsP50, millisecondsP95 }) => [
        label,
        count(frames),
        count(reviewed),
        count(asked),
        count(outcomes.answered),
        count(outcomes.late),
        count(outcomes.overBudget),
        count(outcomes.other),
        milliseconds(millisecondsP50),
        milliseconds(millisecondsP95),
      ]),
    ),
    table(
      'What it was worth, by what the parts really were',
      [
        'span',
        'right by the device',
        'right by the cloud',
        'good passed',
        'defects taken out',
        'good taken out',
        'defects passed',
        'gain',
        'bytes',
        'for 1,000 frames',
      ],
      spans.map(({ label, right, decided, gain, bytes: size, usdPerThousandFrames }) => [
        label,
        percent(right.device),
        percent(right.cloud),
        count(decided.goodPassed),
        count(decided.defectsRejected),
        count(decided.goodRejected),
        count(decided.defectsPassed),
        gain.toFixed(1),
        bytes(size),
        usd(usdPerThousandFrames),
      ]),
    ),
    html`<p class="note">Reviewed: frames that would have gone to a person without it. Late: no answer by the deadline. Gain: looks of people that were saved, less what wrong decisions cost, in the unit of the plant’s disposition policy. Times are those of this machine, beside everything else that it does. The price is that of AWS for so many questions of this size (kaizen cost), a quarter of a second of the function each.</p>`,
  );
}
