/** What jobs may do in a VPC, and with a key of their own for their volumes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { local } from '../../../config/local';
import type { AppConfig } from '../../../contracts';
import { DatasetStore } from '../../../lib/dataset/dataset-store';
import { JobRoles } from '../../../lib/training/job-roles';

const work = mkdtempSync(join(tmpdir(), 'job-roles-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const VPC = { subnets: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] };
const KEY = 'arn:aws:kms:us-east-1:111111111111:key/volumes';

interface Statement {
  readonly Sid: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** Statements of each role, by its construct. */
function statementsWith(settings: Partial<AppConfig['training']>): Statement[][] {
  const path = join(work, 'sourcedir.tar.gz');
  writeFileSync(path, 'code');
  const stack = new Stack(new App({ outdir: mkdtempSync(join(work, 'out-')) }), 'Stack', {
    env: { account: '111111111111', region: 'us-east-1' },
  });
  const encryptionKey = new kms.Key(stack, 'Key');
  new JobRoles(stack, 'Jobs', {
    dataset: new DatasetStore(stack, 'Dataset', { config: local, encryptionKey }),
    modelBucket: new s3.Bucket(stack, 'Models'),
    encryptionKey,
    assets: [new Asset(stack, 'Code', { path })],
    training: { ...local.training, ...settings },
  });
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  return policies.map(({ Properties }) => Properties.PolicyDocument.Statement);
}

const ec2 = (resource: string) => ({
  'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:ec2:us-east-1:111111111111:${resource}`]],
});
const sidsOf = (statements: readonly Statement[]) => statements.map(({ Sid }) => Sid);

test('[C14] every role may make the network interfaces of the configured subnets and groups', () => {
  const roles = statementsWith({ network: { vpc: VPC } });
  expect(roles).toHaveLength(4);
  for (const statements of roles) {
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: 'ec2:CreateNetworkInterface',
        Resource: [
          ec2('network-interface/*'),
          ec2('subnet/subnet-0123456789abcdef0'),
          ec2('security-group/sg-0123456789abcdef0'),
        ],
      }),
    );
    expect(sidsOf(statements)).toEqual(expect.arrayContaining(['UseNetworkInterfaces', 'LookAtVpc']));
  }
});

test('[C14] every role may grant the use of the volume key', () => {
  for (const statements of statementsWith({ volumeKeyArn: KEY })) {
    expect(statements).toContainEqual(expect.objectContaining({ Action: 'kms:CreateGrant', Resource: KEY }));
  }
});

test('[C14] without these settings no role has rights of a VPC or a grant', () => {
  const actions = statementsWith({}).flatMap((statements) => statements.flatMap(({ Action }) => Action));
  expect(actions.filter((action) => action.startsWith('ec2:') || action === 'kms:CreateGrant')).toEqual([]);
});
