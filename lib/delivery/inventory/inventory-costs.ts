import { Application } from '../../rules/edge-ml/application';
import { pipelineJobs } from '../../rules/edge-ml/pipeline-jobs';
import type { EnvironmentTemplates } from '../environment-templates';
import type { Inventory, InventoryResource } from './inventory';

interface Driver {
  readonly type: string;
  readonly what: string;
  /** What the bill counts. */
  readonly by: string;
  /** What of its settings matters for the bill. */
  readonly detail?: (each: InventoryResource) => string;
}

const DRIVERS: readonly Driver[] = [
  { type: 'AWS::KMS::Key', what: 'keys', by: 'month; request' },
  { type: 'AWS::S3::Bucket', what: 'buckets', by: 'GB and month; request' },
  {
    type: 'AWS::DynamoDB::Table',
    what: 'tables',
    by: 'request unit; GB and month, twice with point-in-time recovery',
    detail: ({ properties }) => (properties.BillingMode === 'PAY_PER_REQUEST' ? 'on demand' : 'provisioned'),
  },
  {
    type: 'AWS::Lambda::Function',
    what: 'functions',
    by: 'invocation; GB-second',
    detail: ({ properties }) => `${properties.MemorySize ?? 128} MB`,
  },
  {
    type: 'AWS::StepFunctions::StateMachine',
    what: 'state machines',
    by: 'state transition',
    detail: ({ properties }) => properties.StateMachineType ?? 'STANDARD',
  },
  { type: 'AWS::SQS::Queue', what: 'queues', by: 'request of 64 KB' },
  { type: 'AWS::SNS::Topic', what: 'topics', by: 'notification' },
  { type: 'AWS::IoT::TopicRule', what: 'topic rules', by: 'message of 5 KB; rule and action' },
  {
    type: 'AWS::Logs::LogGroup',
    what: 'log groups',
    by: 'GB taken in; GB and month',
    detail: ({ properties }) => `${properties.RetentionInDays ?? 'endless'} days`,
  },
  {
    type: 'AWS::CloudWatch::Alarm',
    what: 'alarms',
    by: 'metric and month',
  },
  { type: 'AWS::CloudWatch::Dashboard', what: 'dashboards', by: 'month' },
  {
    type: 'AWS::Events::Rule',
    what: 'schedules',
    by: 'what they start',
    detail: ({ properties }) => properties.ScheduleExpression ?? 'on events',
  },
];

/** `3 × 256 MB, 1024 MB`. */
function counted(details: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const detail of details) counts.set(detail, (counts.get(detail) ?? 0) + 1);
  return [...counts]
    .sort(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }))
    .map(([detail, count]) => (count === 1 ? detail : `${count} × ${detail}`))
    .join(', ');
}

function jobRows(templates: EnvironmentTemplates): string[] {
  return pipelineJobs(new Application(templates)).map(({ step, kind, request }) => {
    const cluster = kind === 'training' ? request.ResourceConfig : request.ProcessingResources?.ClusterConfig;
    const { InstanceCount = 1, InstanceType, VolumeSizeInGB } = cluster ?? {};
    const hours = Number(request.StoppingCondition?.MaxRuntimeInSeconds) / 3600;
    const spot = request.EnableManagedSpotTraining === true ? ', spot' : '';
    return `| job ${step} | ${text(InstanceCount)} × ${text(InstanceType)}, ${VolumeSizeInGB} GB${spot} | hour, at most ${hours} for each execution |`;
  });
}

/** A number or name, or the parameter of the pipeline that gives it. */
const text = (value: unknown): string =>
  typeof value === 'object'
    ? `\`${(value as { Get?: string } | undefined)?.Get ?? JSON.stringify(value)}\``
    : String(value);

/** What the bill counts, without prices. */
export function costSection(inventory: Inventory, templates: EnvironmentTemplates): string[] {
  const rows = DRIVERS.flatMap(({ type, what, by, detail }) => {
    const found = inventory.of(type);
    if (found.length === 0) return [];
    const details = detail === undefined ? '' : `: ${counted(found.map(detail))}`;
    return [`| ${what} | ${found.length}${details} | ${by} |`];
  });
  return ['| what | how much of it | paid by |', '|---|---|---|', ...rows, ...jobRows(templates)];
}
