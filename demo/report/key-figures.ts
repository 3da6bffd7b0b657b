/** The figures that the page and the terminal both begin with: one place, so that they cannot differ. */
import { bytes, count, counted, milliseconds, percent, ratio, seconds, usd } from './format';
import type { ReportData, Verdicts } from './report-data';
import { inWords } from './words';

export interface KeyFigure {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
}

/** On the two processors that the goals are made for. */
export const GOALS = { cureSeconds: 240, runSeconds: 480, bytesRatio: 10 } as const;

type Measured = ReportData['accuracy'][number];

/** Before the first change, of each turn while it is unanswered and after it, and with the tool mended; those that there are. */
export function storyOf({ accuracy, turns }: Pick<ReportData, 'accuracy' | 'turns'>): Measured[] {
  const labels = [
    'before the change',
    ...turns.flatMap(({ change, after }) => [change, after]),
    'with the tool mended',
  ];
  return labels.flatMap((label) => accuracy.find((entry) => entry.label === label) ?? []);
}

const ARROW = ' → ';

function throughTheStory(data: ReportData, say: (measured: Measured) => string): string {
  const story = storyOf(data);
  return story.length === 0 ? percent(null) : story.map(say).join(ARROW);
}

const verdict = (say: (verdicts: Verdicts) => string) => (measured: Measured) => say(measured.verdicts);

function wrongModel({ rollouts }: ReportData): KeyFigure {
  const rolledBack = rollouts.find(({ outcome }) => outcome === 'rolled back');
  if (!rolledBack)
    return { name: 'Wrong model', value: 'not taken back', detail: 'no rollout was taken back' };
  const { waves, seconds: duration } = rolledBack;
  const reason = waves.flatMap(({ reasons }) => reasons)[0];
  return {
    name: 'Wrong model',
    value: `taken back in ${seconds(duration)}`,
    detail: reason === undefined ? 'no reason was given' : inWords(reason),
  };
}

/** Beside a goal: how it stands to it. */
const held = (value: number | null, goal: number): string =>
  value === null || !Number.isFinite(value) ? 'not reached' : value <= goal ? 'met' : 'missed';

/** A retraining takes minutes, so that the goal is one for a run with one of them. */
function wholeRun({ turns, totalSeconds }: ReportData): string {
  const { runSeconds } = GOALS;
  const goal =
    turns.length === 1
      ? `goal ${seconds(runSeconds)}: ${held(totalSeconds, runSeconds)}`
      : `goal of one with a single turn ${seconds(runSeconds)}`;
  return `the whole run took ${seconds(totalSeconds)}, ${goal}`;
}

function cured(data: ReportData): KeyFigure {
  const { cureSeconds } = GOALS;
  const { turns } = data;
  const times = turns.map(({ toCure }) => toCure);
  const worst = times.some((time) => time === null) ? null : Math.max(...(times as number[]));
  return {
    name: 'From the change to the cured fleet',
    value: times.length === 0 ? seconds(null) : times.map((time) => seconds(time)).join(', '),
    detail: `goal ${seconds(cureSeconds)}: ${held(times.length === 0 ? null : worst, cureSeconds)}; ${wholeRun(data)}`,
  };
}

/** Of everything that left the devices. */
export const sentBytes = ({ bandwidth }: Pick<ReportData, 'bandwidth'>): number =>
  bandwidth.resultBytes + bandwidth.captureBytes + bandwidth.questionBytes;

function bytesSent(data: ReportData): KeyFigure {
  const { streamedBytes, steady } = data.bandwidth;
  const sent = sentBytes(data);
  const captures = data.privacy.reduce((sum, device) => sum + device.captures, 0);
  return {
    name: 'Bytes sent',
    value: `${bytes(sent)} instead of ${bytes(streamedBytes)}`,
    detail: `streaming every frame would take ${ratio(streamedBytes / sent)} as much (goal ${ratio(GOALS.bytesRatio)}), while the line was as it should be ${ratio(steady.streamedBytes / steady.sentBytes)}; ${counted(captures, 'image')} left the devices, each with its reason`,
  };
}

/** None where nobody could be asked. */
function secondOpinions({ secondOpinions: [whole] }: ReportData): KeyFigure[] {
  if (!whole) return [];
  const { asked, reviewed, outcomes, decided, gain } = whole;
  const parts = decided.goodPassed + decided.goodRejected + decided.defectsPassed + decided.defectsRejected;
  return [
    {
      name: 'Second opinions',
      value: `${count(outcomes.answered)} of ${count(asked)} answered in time`,
      detail: `${percent(asked / reviewed)} of what went to a person was asked about; ${counted(parts, 'part')} decided, gain ${gain.toFixed(1)}; ${usd(whole.usdPerThousandFrames)} for 1,000 frames`,
    },
  ];
}

/** What would have passed of the changed line if the devices did not send to a person what is new to them. */
function withoutNovelty({ accuracy, turns }: ReportData): string {
  const shares = turns.flatMap(
    ({ change }) => accuracy.find(({ label }) => label === change)?.verdicts.escapesAsClassified ?? [],
  );
  if (shares.length === 0) return '';
  return `; ${shares.map((share) => percent(share)).join(', ')} of the unanswered would have, if what is new did not go to a person`;
}

export function keyFigures(data: ReportData): KeyFigure[] {
  const { latency, availability } = data;
  const when = storyOf(data)
    .map(({ label }) => label)
    .join(', ');
  return [
    {
      name: 'Defective parts that passed',
      value: throughTheStory(
        data,
        verdict(({ escapes }) => percent(escapes)),
      ),
      detail: `${throughTheStory(
        data,
        verdict(({ escaped, defects }) => `${count(escaped)} of ${count(defects)}`),
      )}: ${when}${withoutNovelty(data)}`,
    },
    {
      name: 'Cost of 1,000 parts',
      value: throughTheStory(
        data,
        verdict(({ costPerThousand }) => count(costPerThousand)),
      ),
      detail: `in the plant's unit; good parts taken out ${throughTheStory(
        data,
        verdict(({ falseRejects }) => percent(falseRejects)),
      )}, looked at by a person ${throughTheStory(
        data,
        verdict(({ review }) => percent(review)),
      )}`,
    },
    {
      name: 'Accuracy on the line',
      value: throughTheStory(data, ({ accuracy }) => percent(accuracy)),
      detail: `of the classes that the devices named; decided rightly and without a person ${throughTheStory(
        data,
        verdict(({ decidedRightly }) => percent(decidedRightly)),
      )}`,
    },
    cured(data),
    wrongModel(data),
    bytesSent(data),
    ...secondOpinions(data),
    {
      name: 'Inferences made offline',
      value: count(availability.offlineInferences),
      detail: `${counted(availability.lostRecords, 'result')} lost in ${seconds(availability.offlineSeconds)} without a network`,
    },
    {
      name: 'Latency',
      value: `${milliseconds(latency.edgeP50)} at the edge, ${milliseconds(latency.cloudP50)} by the cloud`,
      detail: `medians; ${latency.cloudWhat}`,
    },
  ];
}
