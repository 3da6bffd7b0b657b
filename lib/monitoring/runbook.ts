import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { alarmName } from '../../lambda/monitoring/names';
import type { AppConfig } from '../shared/app-config';

const RUNBOOK = join(__dirname, '..', '..', 'docs', 'runbook.md');

export type Severity = 'high' | 'low';

/** The alarms that the runbook describes: each second-level heading with its severity. */
export function runbookEntries(text = readFileSync(RUNBOOK, 'utf8')): Map<string, Severity> {
  const entries = [...text.matchAll(/^## (\S+)\n+Severity: (high|low)\.$/gm)];
  return new Map(entries.map(([, name = '', severity]) => [name, severity as Severity]));
}

export interface RunbookAlarmProps {
  readonly config: AppConfig;
  /** Heading in docs/runbook.md; the alarm is called `kaizen-<environment>-<heading>`. */
  readonly heading: string;
  /** high: the line or its data are at risk now; low: look at it on the next working day. */
  readonly severity: Severity;
  /** One sentence that says what is wrong. */
  readonly sentence: string;
  readonly metric: cloudwatch.IMetric;
  readonly threshold: number;
  readonly comparisonOperator: cloudwatch.ComparisonOperator;
  /** What silence means. */
  readonly treatMissingData: cloudwatch.TreatMissingData;
  /** @default 1 */
  readonly evaluationPeriods?: number;
}

/** An alarm that cannot exist without an entry of the same name and severity in docs/runbook.md. */
export class RunbookAlarm extends cloudwatch.Alarm {
  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    const written = runbookEntries().get(props.heading);
    if (written !== props.severity) {
      throw new Error(
        `docs/runbook.md: '## ${props.heading}' with 'Severity: ${props.severity}.' below it is required, got ${written ?? 'no such heading'}`,
      );
    }
    super(scope, id, {
      alarmName: alarmName(props.config, props.heading),
      alarmDescription: `${props.sentence} Severity: ${props.severity}. Runbook: docs/runbook.md#${props.heading}`,
      metric: props.metric,
      threshold: props.threshold,
      comparisonOperator: props.comparisonOperator,
      treatMissingData: props.treatMissingData,
      evaluationPeriods: props.evaluationPeriods ?? 1,
    });
  }
}
