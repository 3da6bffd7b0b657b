/** The result of a script check as text. Pure. */
import type { ScriptCheck } from '../../contracts';

const OUTCOMES = { ok: 'ok', wrong: 'WRONG', notReached: '-', notNeeded: 'not needed' } as const;
const WIDTHS = [17, 12] as const;

type Step = ScriptCheck['steps'][number];

function linesOf(step: Step): string[] {
  const { outcome, seconds, said, wanted, hint } = step;
  const time = outcome === 'ok' && seconds !== undefined ? `${seconds.toFixed(1)} s` : undefined;
  const head = [step.step.padEnd(WIDTHS[0]), OUTCOMES[outcome].padEnd(WIDTHS[1]), time ?? said ?? ''];
  return [
    head.join('').trimEnd(),
    ...(wanted ? [`${' '.repeat(WIDTHS[0])}wanted: ${wanted}`] : []),
    ...(hint ? [`${' '.repeat(WIDTHS[0])}hint: ${hint}`] : []),
  ];
}

/** One line for each step; of one that is wrong also what the contract wants, and what may help. */
export function formatScriptCheck(report: ScriptCheck): string {
  const { images, imagesFrom, classes, hyperparameters } = report;
  const given = Object.entries(hyperparameters).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [
    report.script,
    `on ${images} images (${imagesFrom}) of ${classes.join(', ')}`,
    `with ${given.join(' ')}`,
    ...report.steps.flatMap(linesOf),
  ].join('\n');
}

/** The steps that are wrong, for the last sentence. */
export const wrongSteps = ({ steps }: ScriptCheck): string[] =>
  steps.filter(({ outcome }) => outcome === 'wrong').map(({ step }) => step);
