import { App, Stack, Stage, Validations } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { ACCEPTED_FINDINGS } from '../../lib/rules/accepted-findings';
import { AwsSolutionsReview } from '../../lib/rules/aws-solutions-review';
import { ENVIRONMENTS, synthesizedApp } from './synthesized-app';

/** Reviewed once: what a review has acknowledged, a second one no longer finds. */
const reviews = new Map(
  ENVIRONMENTS.map((environment) => {
    const { app, config } = synthesizedApp(environment);
    const review = new AwsSolutionsReview(app, config.transport);
    return [environment, { review, report: review.validateScope(app) }];
  }),
);

describe('findings of cdk-nag', () => {
  test.each(ENVIRONMENTS)('%s has none that nobody has accepted', (environment) => {
    const report = reviews.get(environment)?.report;
    const open = report?.violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${constructPath}: ${ruleName}`),
    );
    expect(open).toEqual([]);
    expect(report?.success).toBe(true);
  });

  test('every accepted finding is needed', () => {
    const used = new Set([...reviews.values()].flatMap(({ review }) => [...review.findingsUsed]));
    const unused = ACCEPTED_FINDINGS.filter((entry) => !used.has(entry));
    expect(unused.map(({ finding }) => String(finding))).toEqual([]);
  });

  test('a finding outside the list fails, and an accepted one is acknowledged on its own construct', () => {
    const app = new App();
    const stack = new Stack(new Stage(app, 'Stage'), 'Stack');
    const bucket = new s3.Bucket(stack, 'Bucket');
    new sqs.Queue(stack, 'Queue');

    const report = new AwsSolutionsReview(app, 'tls-only').validateScope(app);

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
