import type { Inventory, InventoryResource } from './inventory';

const COMPARISONS: Readonly<Record<string, string>> = {
  GreaterThanThreshold: '>',
  GreaterThanOrEqualToThreshold: '>=',
  LessThanThreshold: '<',
  LessThanOrEqualToThreshold: '<=',
};

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
}
interface MetricQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: { readonly Metric: Metric; readonly Stat: string; readonly Period: number };
}

function watched({ properties }: InventoryResource): string {
  const queries: readonly MetricQuery[] = properties.Metrics ?? [];
  if (queries.length === 0) {
    const statistic = properties.Statistic ?? properties.ExtendedStatistic;
    return `${statistic} of ${properties.Namespace} ${properties.MetricName} in ${properties.Period} s`;
  }
  return queries
    .map(({ Id, Expression, MetricStat }) =>
      MetricStat === undefined
        ? Expression
        : `${Id}: ${MetricStat.Stat} of ${MetricStat.Metric.Namespace} ${MetricStat.Metric.MetricName} in ${MetricStat.Period} s`,
    )
    .join('; ');
}

function row(inventory: Inventory, alarm: InventoryResource): string {
  const { properties } = alarm;
  const [, sentence = properties.AlarmDescription, severity = 'none', heading] =
    /^(.*) Severity: (\w+)\. Runbook: \S+#(\S+)$/.exec(properties.AlarmDescription ?? '') ?? [];
  const name = properties.AlarmName ?? alarm.path;
  const link =
    heading === undefined ? `${name}, **no entry in the runbook**` : `[${name}](../runbook.md#${heading})`;
  const periods = properties.EvaluationPeriods;
  const condition = `${watched(alarm)} ${COMPARISONS[properties.ComparisonOperator]} ${properties.Threshold}, ${properties.DatapointsToAlarm ?? periods} of ${periods}; no data: ${properties.TreatMissingData ?? 'missing'}`;
  const called = (properties.AlarmActions ?? []).map((action: unknown) => inventory.text(alarm, action));
  return `| ${link} | ${severity} | ${sentence ?? ''} | ${condition} | ${called.join(', ') || 'nobody'} |`;
}

/** What rings, when, whom it calls, and where the runbook says what to do. */
export function alarmsSection(inventory: Inventory): string[] {
  return [
    '| alarm | severity | says | rings when | calls |',
    '|---|---|---|---|---|',
    ...inventory.of('AWS::CloudWatch::Alarm').map((alarm) => row(inventory, alarm)),
  ];
}
