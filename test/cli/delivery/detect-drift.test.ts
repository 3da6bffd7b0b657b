import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { detectDrift, formatDrift } from '../../../cli/delivery/detect-drift';
import { asClients, awsError, FakeClient } from '../fakes';

const AT_ONCE = { pollMilliseconds: 0, timeoutMilliseconds: 100 };

/** CloudFormation that has compared at the second question; the stack `verification` does not exist. */
function cloudFormation(drifts: Readonly<Record<string, readonly object[]>>, end = 'DETECTION_COMPLETE') {
  const asked = new Map<string, number>();
  const fake = new FakeClient({
    DetectStackDrift: ({ StackName }) => {
      if (StackName.endsWith('-verification')) {
        throw awsError('ValidationError', `Stack [${StackName}] does not exist`);
      }
      return { StackDriftDetectionId: `of ${StackName}` };
    },
    DescribeStackDriftDetectionStatus: (input) => {
      const id = String((input as unknown as { StackDriftDetectionId: string }).StackDriftDetectionId);
      asked.set(id, (asked.get(id) ?? 0) + 1);
      return asked.get(id) === 1
        ? { DetectionStatus: 'DETECTION_IN_PROGRESS' }
        : { DetectionStatus: end, DetectionStatusReason: 'throttled' };
    },
    DescribeStackResourceDrifts: ({ StackName, NextToken }) =>
      NextToken === undefined
        ? { StackResourceDrifts: (drifts[StackName] ?? []).slice(0, 1), NextToken: 'more' }
        : { StackResourceDrifts: (drifts[StackName] ?? []).slice(1) },
  });
  return asClients({ cloudFormation: fake }).cloudFormation as CloudFormationClient;
}

test('[D2] what differs is named with what was expected, over all pages and stacks', async () => {
  const client = cloudFormation({
    'kaizen-prod-data': [
      {
        LogicalResourceId: 'Releases',
        ResourceType: 'AWS::DynamoDB::Table',
        PropertyDifferences: [
          { PropertyPath: '/BillingMode', ExpectedValue: 'PAY_PER_REQUEST', ActualValue: 'PROVISIONED' },
        ],
      },
      { LogicalResourceId: 'Bucket', ResourceType: 'AWS::S3::Bucket', StackResourceDriftStatus: 'DELETED' },
    ],
    'kaizen-prod-fleet': [
      {
        LogicalResourceId: 'Role',
        ResourceType: 'AWS::IAM::Role',
        PropertyDifferences: [{ PropertyPath: '/Policies/0', ActualValue: 'x'.repeat(500) }],
      },
    ],
  });
  expect(formatDrift(await detectDrift(client, 'prod', AT_ONCE))).toBe(
    [
      'Compared kaizen-prod-data, kaizen-prod-training, kaizen-prod-fleet, kaizen-prod-operations',
      'kaizen-prod-data/Releases (AWS::DynamoDB::Table)',
      '  BillingMode: expected PAY_PER_REQUEST, is PROVISIONED',
      'kaizen-prod-data/Bucket (AWS::S3::Bucket) is gone',
      'kaizen-prod-fleet/Role (AWS::IAM::Role)',
      `  Policies.0: expected nothing, is ${'x'.repeat(120)}...`,
    ].join('\n'),
  );
});

test('[D2] nothing that differs is said so', async () => {
  const report = await detectDrift(cloudFormation({}), 'prod', AT_ONCE);
  expect(formatDrift(report)).toContain('\nNo drift');
});

test('[D2] a comparison that failed is no "No drift"', async () => {
  const client = cloudFormation({}, 'DETECTION_FAILED');
  await expect(detectDrift(client, 'prod', AT_ONCE)).rejects.toThrow(
    /kaizen-prod-\w+ could not be compared: throttled/,
  );
});

test('[D2] a comparison that does not end is given up', async () => {
  const client = cloudFormation({}, 'DETECTION_IN_PROGRESS');
  await expect(detectDrift(client, 'prod', { pollMilliseconds: 1, timeoutMilliseconds: 3 })).rejects.toThrow(
    'could not be compared within 0.003 s',
  );
});

test('[D2] an environment without stacks is refused', async () => {
  const fake = new FakeClient({
    DetectStackDrift: () => {
      throw awsError('ValidationError', 'Stack [...] does not exist');
    },
  });
  const { cloudFormation: client } = asClients({ cloudFormation: fake });
  await expect(detectDrift(client, 'plant', AT_ONCE)).rejects.toThrow("environment 'plant' has no stacks");
});
