/** What a benchmark measures, and what came out. */

/** A figure before it is measured. */
export interface FigureGoal {
  /** As in docs/benchmarks.md: `G4-vga` is one figure of the benchmark `G4`. */
  readonly id: string;
  /** Numerator / denominator, or what is counted. */
  readonly what: string;
  readonly goal: number;
  readonly better: 'lower' | 'higher';
}

/** What the rounds of a measurement lay between. */
export interface Spread {
  readonly minimum: number;
  readonly maximum: number;
  /** 1 for what is counted and not timed. */
  readonly rounds: number;
}

/** Numbers that belong side by side, as text. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Measurement {
  /** Median over the rounds. */
  readonly value: number;
  readonly spread: Spread;
  /** How it was measured, with the numbers behind the value. */
  readonly method: string;
  /** Shown below the figures. */
  readonly table?: Table;
}

/** One entry of bench/results/<suite>.json. */
export type Figure = FigureGoal & Measurement;

/** One program that measures one or several figures together. */
export interface Benchmark<Context> {
  readonly figures: readonly FigureGoal[];
  /** Takes no times: whatever else the machine does changes nothing. */
  readonly onlyCounts?: true;
  /** @param wanted ids of the figures that are asked for; all of them are answered, others may be */
  measure(context: Context, wanted: ReadonlySet<string>): Promise<ReadonlyMap<string, Measurement>>;
}

export const meetsGoal = ({ value, goal, better }: Pick<Figure, 'value' | 'goal' | 'better'>): boolean =>
  better === 'lower' ? value <= goal : value >= goal;

/** Whether a figure is named by a word of the command line: its id, or its benchmark's (`G4` names `G4-vga`). */
export function isNamedBy(id: string, word: string): boolean {
  const [figure, name] = [id.toLowerCase(), word.toLowerCase()];
  return figure === name || figure.startsWith(`${name}-`);
}
