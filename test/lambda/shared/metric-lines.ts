/** Metrics as CloudWatch takes them from a function's log: Embedded Metric Format lines on standard output. */

export interface WrittenMetric {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

interface EmbeddedMetrics {
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [member: string]: unknown;
}

/** The metrics of one line of the log; none when it is an ordinary one. */
export function metricsOfLine(line: string): WrittenMetric[] {
  if (!line.startsWith('{')) return [];
  const { _aws: directive, ...members } = JSON.parse(line) as EmbeddedMetrics;
  return (directive?.CloudWatchMetrics ?? []).flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name, Unit }) => ({
        namespace: Namespace,
        name: Name,
        unit: Unit,
        dimensions: Object.fromEntries(names.map((name) => [name, String(members[name])])),
        values: [members[Name]].flat() as number[],
      })),
    ),
  );
}

/** Keeps what is written to standard output, until the spy is restored. */
function capture(take: (line: string) => void): void {
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    for (const line of String(chunk).split('\n')) take(line);
    return true;
  });
}

/** The lines of the log. */
export function captureLog(): string[] {
  const lines: string[] = [];
  capture((line) => lines.push(line));
  return lines;
}

/** What the lines of the log measure. */
export function captureMetrics(): WrittenMetric[] {
  const written: WrittenMetric[] = [];
  capture((line) => written.push(...metricsOfLine(line)));
  return written;
}

/** Name -> sum of its values, over all dimensions. */
export function totalsOf(written: readonly WrittenMetric[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { name, values } of written) {
    totals[name] = (totals[name] ?? 0) + values.reduce((sum, value) => sum + value, 0);
  }
  return totals;
}
