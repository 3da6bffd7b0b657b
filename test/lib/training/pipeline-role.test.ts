import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { ACCEPTED_FINDINGS } from '../../../lib/rules/accepted-findings';
import { PipelineRole } from '../../../lib/training/pipeline-role';

interface Statement {
  readonly Sid?: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Condition?: Record<string, unknown>;
}

const work = mkdtempSync(join(tmpdir(), 'role-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const jobRole = (name: string) => `arn:aws:iam::111111111111:role/${name}`;
const JOB_ROLES = {
  prepare: jobRole('prepare'),
  train: jobRole('train'),
  evaluate: jobRole('evaluate'),
  export: jobRole('export'),
};

function statements(tuning: boolean): { trust: Statement[]; allowed: Statement[] } {
  const stack = new Stack(new App({ outdir: join(work, `out-${tuning}`) }), 'Stack', {
    env: { account: '111111111111', region: 'us-east-1' },
  });
  new PipelineRole(stack, 'Access', {
    modelBucket: new s3.Bucket(stack, 'Models'),
    encryptionKey: new kms.Key(stack, 'Key'),
    modelPackageGroupName: 'group',
    jobRoles: JOB_ROLES,
    tuning,
  });
  const template = Template.fromStack(stack);
  const [role] = Object.values(template.findResources('AWS::IAM::Role'));
  const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
  return {
    trust: role?.Properties.AssumeRolePolicyDocument.Statement,
    allowed: policy?.Properties.PolicyDocument.Statement,
  };
}

const { trust, allowed } = statements(false);
const listOf = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

test('case 36: only SageMaker, and only on behalf of this account, may take the role', () => {
  expect(trust).toHaveLength(1);
  expect(trust[0]?.Condition).toMatchObject({
    StringEquals: { 'aws:SourceAccount': '111111111111' },
    ArnLike: { 'aws:SourceArn': expect.anything() },
  });
});

test('no action is a pattern, and nothing is allowed on all resources', () => {
  const actions = allowed.flatMap(({ Action }) => listOf(Action));
  expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  expect(allowed.filter(({ Resource }) => listOf(Resource).includes('*'))).toEqual([]);
});

test('case 38: what registers models cannot approve or delete them', () => {
  const actions = allowed
    .flatMap(({ Action }) => listOf(Action))
    .filter((action) => /ModelPackage/.test(action));
  expect(actions.sort()).toEqual([
    'sagemaker:CreateModelPackage',
    'sagemaker:DescribeModelPackage',
    'sagemaker:DescribeModelPackageGroup',
  ]);
});

test("case 36: it gives its jobs' roles to SageMaker alone, and not its own", () => {
  const [pass, ...others] = allowed.filter(({ Action }) => Action === 'iam:PassRole');
  expect(others).toEqual([]);
  expect(pass?.Resource).toEqual(Object.values(JOB_ROLES));
  expect(pass?.Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } });
});

test('it reads what jobs leave, and writes and lists nothing else', () => {
  const actions = allowed
    .flatMap(({ Action }) => listOf(Action))
    .filter((action) => action.startsWith('s3:'));
  expect(actions).toEqual(['s3:GetObject', 's3:ListBucket']);
  const [list] = allowed.filter(({ Action }) => Action === 's3:ListBucket');
  expect(list?.Condition).toEqual({ StringLike: { 's3:prefix': ['pipelines/*'] } });
});

test('[S6] only a pipeline that searches may tune, and only jobs of its own step', () => {
  const tunes = (statement: Statement) => listOf(statement.Action).some((action) => /Tuning/.test(action));
  expect(allowed.filter(tunes)).toEqual([]);
  const [found, ...others] = statements(true).allowed.filter(tunes);
  expect(others).toEqual([]);
  expect(found?.Action).toEqual([
    'sagemaker:CreateHyperParameterTuningJob',
    'sagemaker:DescribeHyperParameterTuningJob',
    'sagemaker:StopHyperParameterTuningJob',
    'sagemaker:ListTrainingJobsForHyperParameterTuningJob',
    'sagemaker:AddTags',
  ]);
  expect(JSON.stringify(found?.Resource)).toMatch(/:hyper-parameter-tuning-job\/\*Tune\*"/);
});

test('[S6] the pattern in the name of tuning jobs is accepted as those of other jobs are, and no wider one', () => {
  const accepted = (resource: string) => {
    const finding = `AwsSolutions-IAM5[Resource::arn:aws:sagemaker:us-east-1:111111111111:${resource}]`;
    return ACCEPTED_FINDINGS.some((entry) => entry.finding.test(finding));
  };
  expect(accepted('training-job/pipelines-*')).toBe(true);
  expect(accepted('hyper-parameter-tuning-job/*Tune*')).toBe(true);
  expect(accepted('hyper-parameter-tuning-job/*')).toBe(false);
});
