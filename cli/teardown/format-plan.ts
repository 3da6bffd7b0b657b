import { formatTable } from '../shared/table';
import type { TeardownPlan, TeardownStep } from './plan-teardown';

const nameIn = (arn: string): string => arn.split(/[/:]/).slice(-2).join('/');

/** What a step does, and why it is necessary or why it comes when it does. */
export function describeStep(step: TeardownStep): readonly [what: string, why: string] {
  switch (step.kind) {
    case 'stop-training':
      return [`stop training ${nameIn(step.executionArn)}`, 'a pipeline that runs cannot be deleted'];
    case 'stop-rollouts':
      return [
        `stop what starts rollouts, and the ${step.running} that run`,
        'they would go on deploying, and another would finish what they left',
      ];
    case 'cancel-deployment':
      return [`cancel deployment ${step.deploymentId}`, 'devices that have not begun it must not begin'];
    case 'delete-deployment':
      return [`delete deployment ${step.deploymentId}`, 'its target goes'];
    case 'decommission-device':
      return [
        `decommission device ${step.thingName}`,
        'thing type and device policy cannot go while it exists',
      ];
    case 'detach-device-policy':
      return [
        'detach the device policy from certificates without a device',
        'it cannot go while it is attached',
      ];
    case 'delete-component-version':
      return [`delete component version ${step.label}`, '--components delete'];
    case 'delete-log-group':
      return [`delete log group ${step.name}`, '--logs delete; the template keeps it'];
    case 'change-removal':
      return [
        `change what ${step.stack} keeps: ${Object.entries(step.removals)
          .map(([id, removal]) => `${removal} ${id}`)
          .join(', ')}`,
        'the template says otherwise',
      ];
    case 'export-bucket':
      return [`export bucket ${step.name} (${step.output})`, 'nothing writes to it any more'];
    case 'export-table':
      return [`export table ${step.name} (${step.output})`, 'nothing writes to it any more'];
    case 'export-model-packages':
      return ['export descriptions of the model packages', '--models export'];
    case 'delete-model-package':
      return [`delete model package ${nameIn(step.arn)}`, 'a group with packages cannot be deleted'];
    case 'empty-bucket':
      return [`empty bucket ${step.name}, all versions`, 'a bucket with objects cannot be deleted'];
    case 'delete-stack':
      return [
        `delete stack ${step.stack}${step.retain.length > 0 ? `, leaving ${step.retain.join(', ')}` : ''}`,
        'against the order of deployment',
      ];
  }
}

/** What outlives every environment, and who takes it away. */
const STAYS = [
  'KMS keys that go are deleted 30 days later; until then `aws kms cancel-key-deletion` brings them back.',
  "SageMaker's log groups (/aws/sagemaker/...) belong to the whole account; jobs and metrics cannot be deleted.",
  'Assets stay in the bucket of the CDK bootstrap: `npx cdk gc`.',
];

/** The plan as text for a terminal. */
export function formatPlan(environmentName: string, { steps, kept }: TeardownPlan): string {
  const rows = steps.map((step, index) => [String(index + 1), ...describeStep(step)]);
  return [
    `Destroying environment ${environmentName}\n${formatTable(['step', 'what', 'why'], rows)}`,
    `Kept: ${kept.join(', ') || 'nothing'}`,
    STAYS.join('\n'),
  ].join('\n\n');
}
