import { identityStatements, listOf, servicesOf, trustStatements } from './policy-statements';
import { ENVIRONMENTS, synthesizedApp } from './synthesized-app';

/** Actions that have no resource to name, as AWS's service authorization reference says. */
const ACTIONS_WITHOUT_RESOURCE: Readonly<Record<string, string>> = {
  'xray:PutTraceSegments': 'X-Ray: the action supports no resource-level permission',
  'xray:PutTelemetryRecords': 'X-Ray: the action supports no resource-level permission',
  'xray:GetSamplingRules': 'X-Ray: the action supports no resource-level permission',
  'xray:GetSamplingTargets': 'X-Ray: the action supports no resource-level permission',
  'greengrass:CreateDeployment': 'Greengrass V2: the action supports no resource-level permission',
  'greengrass:ListDeployments': 'Greengrass V2: the action supports no resource-level permission',
  'ecr:GetAuthorizationToken': 'ECR: the action supports no resource-level permission',
  'cloudwatch:PutMetricData': 'CloudWatch: the action supports no resource-level permission',
  'logs:CreateLogDelivery': 'CloudWatch Logs delivery: the action supports no resource-level permission',
  'logs:GetLogDelivery': 'CloudWatch Logs delivery: the action supports no resource-level permission',
  'logs:UpdateLogDelivery': 'CloudWatch Logs delivery: the action supports no resource-level permission',
  'logs:DeleteLogDelivery': 'CloudWatch Logs delivery: the action supports no resource-level permission',
  'logs:ListLogDeliveries': 'CloudWatch Logs delivery: the action supports no resource-level permission',
  'logs:PutResourcePolicy': 'CloudWatch Logs delivery: the action supports no resource-level permission',
  'logs:DescribeResourcePolicies':
    'CloudWatch Logs delivery: the action supports no resource-level permission',
  'logs:DescribeLogGroups': 'CloudWatch Logs delivery: the action supports no resource-level permission',
};

/** Families of read and write actions as the CDK's grants write them; none of them changes permissions. */
const ACTION_FAMILIES = [
  's3:GetObject*',
  's3:GetBucket*',
  's3:List*',
  's3:Abort*',
  'kms:ReEncrypt*',
  'kms:GenerateDataKey*',
];

describe.each(ENVIRONMENTS)('%s: least privilege', (environment) => {
  const app = () => synthesizedApp(environment);

  test('no role has an AWS managed policy', () => {
    const managed = app()
      .resources('AWS::IAM::Role')
      .filter(({ Properties }) => listOf(Properties.ManagedPolicyArns).length > 0);
    expect(managed.map(({ logicalId }) => logicalId)).toEqual([]);
  });

  test('no action has a wildcard, except the families of the CDK grants', () => {
    const wild = identityStatements(app()).flatMap(({ where, statement }) =>
      listOf(statement.Action)
        .filter((action) => action.includes('*') && !ACTION_FAMILIES.includes(action))
        .map((action) => `${where}: ${action}`),
    );
    expect(wild).toEqual([]);
  });

  test('no statement is about every resource, except where AWS knows no resource', () => {
    const wild = identityStatements(app())
      .filter(({ statement }) => statement.Effect === 'Allow' && listOf(statement.Resource).includes('*'))
      .flatMap(({ where, statement }) =>
        listOf(statement.Action)
          .filter((action) => ACTIONS_WITHOUT_RESOURCE[action] === undefined)
          .map((action) => `${where}: ${action}`),
      );
    expect(wild).toEqual([]);
  });

  test('only functions that put objects may write to a bucket, and only below a prefix', () => {
    const wholeBucket = identityStatements(app())
      .filter(({ statement }) =>
        listOf(statement.Action).some((action) => /^s3:(Put|Delete)Object/.test(action)),
      )
      .filter(({ statement }) =>
        /"Arn\w*"\]\},"\/\*"|ExportsOutput\w+"\},"\/\*"/.test(JSON.stringify(statement.Resource)),
      );
    expect(wholeBucket.map(({ where }) => where)).toEqual([]);
  });

  test('case 36: services borrow a role only on behalf of this account (confused deputy)', () => {
    // Not credentials.iot: only a trust without conditions is documented for it (lib/device/token-exchange.ts).
    const services = ['iot', 'greengrass', 'sagemaker', 'states'].map((name) => `${name}.amazonaws.com`);
    const trusting = trustStatements(app()).filter(({ statement }) =>
      servicesOf(statement).some((service) => services.includes(service)),
    );
    expect(trusting.length).toBeGreaterThan(0);
    const open = trusting.filter(
      ({ statement }) => statement.Condition?.StringEquals?.['aws:SourceAccount'] !== app().config.account,
    );
    expect(open.map(({ where }) => where)).toEqual([]);
  });

  test('case 36: a role is passed to one named service only', () => {
    const passing = identityStatements(app()).filter(({ statement }) =>
      listOf(statement.Action).includes('iam:PassRole'),
    );
    const open = passing.filter(
      ({ statement }) =>
        listOf(statement.Resource).includes('*') ||
        statement.Condition?.StringEquals?.['iam:PassedToService'] === undefined,
    );
    expect(open.map(({ where }) => where)).toEqual([]);
  });

  test('the credentials provider borrows a role without conditions, the documented form', () => {
    const trusting = trustStatements(app()).filter(({ statement }) =>
      servicesOf(statement).includes('credentials.iot.amazonaws.com'),
    );
    expect(trusting.map(({ statement }) => statement)).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'credentials.iot.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    ]);
  });

  test('case 38: only the release builder and the rollback sign', () => {
    const signing = identityStatements(app()).filter(({ statement }) =>
      listOf(statement.Action).includes('kms:Sign'),
    );
    expect(signing.map(({ where }) => where.replace(/(DefaultPolicy)?[0-9A-F]{8}$/, ''))).toEqual(
      expect.arrayContaining([expect.stringContaining('BuildRelease')]),
    );
    expect(
      signing.filter(({ where }) => !/BuildRelease|RollBackWave/i.test(where)).map(({ where }) => where),
    ).toEqual([]);
  });
});

test('every exception above is needed somewhere', () => {
  const used = new Set(
    ENVIRONMENTS.flatMap((environment) =>
      identityStatements(synthesizedApp(environment)).flatMap(({ statement }) => listOf(statement.Action)),
    ),
  );
  expect(
    [...Object.keys(ACTIONS_WITHOUT_RESOURCE), ...ACTION_FAMILIES].filter((action) => !used.has(action)),
  ).toEqual([]);
});
