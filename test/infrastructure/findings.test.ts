import { App, CfnResource, Stack, Stage, Validations } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ACCEPTED_FINDINGS } from '../../lib/rules/accepted-findings';
import { Review } from '../../lib/rules/review';
import { reviews } from '../../lib/rules/reviews';
import {
  ENVIRONMENTS,
  type SynthesizedApp,
  synthesizedAgain,
  synthesizedApp,
  synthesizedAsking,
  synthesizedInVpc,
} from './synthesized-app';
import { validationContext } from './validation-context';

/** Reviewed once: what a review has acknowledged, a second one no longer finds. */
const reviewOf = ({ app, config }: SynthesizedApp) => {
  const context = validationContext(app);
  return reviews(config.transport).map((review) => ({ review, report: review.validate(context) }));
};
const reviewed = ENVIRONMENTS.flatMap((environment) =>
  reviewOf(synthesizedApp(environment)).map((each) => ({ environment, ...each })),
);
const asking = reviewOf(synthesizedAsking('prod'));

describe('findings of the packs', () => {
  test.each(ENVIRONMENTS)('%s has none that nobody has accepted', (environment) => {
    const reports = reviewed.filter((each) => each.environment === environment).map(({ report }) => report);
    const open = reports.flatMap(({ violations }) =>
      violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath }) => `${constructPath}: ${ruleName}`),
      ),
    );
    expect(open).toEqual([]);
    expect(reports.map(({ success }) => success)).toEqual([true, true, true]);
  });

  test('[C14] jobs in a VPC bring none that nobody has accepted', () => {
    const { app, config } = synthesizedInVpc('dev');
    const context = validationContext(app);
    expect(reviews(config.transport).flatMap((review) => review.validate(context).violations)).toEqual([]);
  });

  test('[S10] second opinions bring none that nobody has accepted', () => {
    const found = asking.flatMap(({ report }) =>
      report.violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath }) => `${constructPath}: ${ruleName}`),
      ),
    );
    expect(found).toEqual([]);
  });

  test('every accepted finding is needed', () => {
    const used = new Set([...reviewed, ...asking].flatMap(({ review }) => [...review.findingsUsed]));
    const unused = ACCEPTED_FINDINGS.filter((entry) => !used.has(entry));
    expect(unused.map(({ finding }) => String(finding))).toEqual([]);
  });

  test('a finding outside the list fails, and an accepted one is acknowledged on its own construct', () => {
    const app = new App();
    const stack = new Stack(new Stage(app, 'Stage'), 'Stack');
    const bucket = new s3.Bucket(stack, 'Bucket');
    new sqs.Queue(stack, 'Queue');

    const report = new Review(new AwsSolutionsChecks(), 'tls-only').validate(validationContext(app));

    expect(report.success).toBe(false);
    expect(report.violations.map(({ ruleName }) => ruleName).sort()).toEqual([
      'AwsSolutions-S10',
      'AwsSolutions-SQS3',
      'AwsSolutions-SQS4',
    ]);
    const acknowledged = (construct: { node: { metadata: { type: string; data: unknown }[] } }) =>
      construct.node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .map(({ data }) => JSON.stringify(data));
    expect(acknowledged(bucket.node.defaultChild as s3.CfnBucket)).toEqual([
      expect.stringContaining('AwsSolutions-S1'),
    ]);
    expect(acknowledged(stack)).toEqual([]);
  });
});

describe('a fault in the real templates is found', () => {
  test.each<[string, string, string, unknown, string]>([
    [
      '[C4] an alarm topic that only denies',
      'dev/Operations/Alarms/Topic/Policy/Resource',
      'PolicyDocument.Statement',
      [{ Effect: 'Deny', Action: 'sns:Publish', Principal: { AWS: '*' }, Resource: '*' }],
      'dev/Operations/Alarms/rollout-failed/Resource: EdgeMl-CW1[sns:Publish]',
    ],
    [
      '[C5] a dimension that no function writes',
      'dev/Operations/Alarms/accuracy-low/Resource',
      'Dimensions',
      [
        { Name: 'service', Value: 'monitoring' },
        { Name: 'useCase', Value: 'surface-inspection' },
      ],
      'dev/Operations/Alarms/accuracy-low/Resource: EdgeMl-CW2[',
    ],
    [
      '[C6] a prefix that nobody may write',
      'dev/Operations/Telemetry/IngestResults/Role/DefaultPolicy/Resource',
      'PolicyDocument.Statement',
      [],
      'dev/Data/Telemetry/Bucket/Resource: EdgeMl-S31[Denied::rejected/]',
    ],
    [
      'a device policy for every client',
      'dev/Fleet/DevicePolicy/Policy',
      'PolicyDocument.Statement.0.Resource',
      '*',
      'dev/Fleet/DevicePolicy/Policy: EdgeMl-IOT1[Resource::*]',
    ],
    [
      'a role alias that may do everything',
      'dev/Fleet/TokenExchange/Role/DefaultPolicy/Resource',
      'PolicyDocument.Statement.0.Action',
      's3:*',
      'dev/Fleet/TokenExchange/Alias: EdgeMl-IOT3[ALLOWS_BROAD_ACCESS::s3:*]',
    ],
  ])('%s', (_, path, property, value, finding) => {
    const { app, config } = synthesizedAgain('dev');
    const planted = app.node.findAll().find(({ node }) => node.path === path);
    if (!CfnResource.isCfnResource(planted)) throw new Error(`there is no ${path}`);
    planted.addPropertyOverride(property, value);
    const context = validationContext(app);
    const found = reviews(config.transport)
      .flatMap((review) => review.validate(context).violations)
      .flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath }) => `${constructPath}: ${ruleName}`),
      );
    expect(found).toContainEqual(expect.stringContaining(finding));
  });
});
