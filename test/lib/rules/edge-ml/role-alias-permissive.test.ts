import { roleAliasPermissive } from '../../../../lib/rules/edge-ml/role-alias-permissive';
import { findings } from './findings';

const statement = (Action: string | string[], Resource: unknown) => ({ Effect: 'Allow', Action, Resource });

/** An alias of a role with one statement in it and one attached to it. */
const alias = (inline: object, attached: object, more: object = {}) => ({
  Alias: { Type: 'AWS::IoT::RoleAlias', Properties: { RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: { Policies: [{ PolicyDocument: { Statement: [inline] } }], ...more },
  },
  Policy: {
    Type: 'AWS::IAM::Policy',
    Properties: { Roles: [{ Ref: 'Role' }], PolicyDocument: { Statement: attached } },
  },
  OfAnother: {
    Type: 'AWS::IAM::Policy',
    Properties: { Roles: [{ Ref: 'Another' }], PolicyDocument: { Statement: statement('*', '*') } },
  },
});

const PUT = statement('s3:PutObject', `arn:aws:s3:::captures/\${credentials-iot:ThingName}/*`);

test('complies: one prefix of one bucket', () => {
  expect(findings(roleAliasPermissive, alias(PUT, PUT))).toEqual([]);
});

test('complies: a role of another template, which nobody can see', () => {
  const resources = {
    Alias: { Type: 'AWS::IoT::RoleAlias', Properties: { RoleArn: 'arn:aws:iam::1:role/r' } },
  };
  expect(findings(roleAliasPermissive, resources)).toEqual([]);
});

test.each([
  ['a whole service', alias(PUT, statement('s3:*', 'arn:aws:s3:::captures/*')), 'ALLOWS_BROAD_ACCESS::s3:*'],
  [
    'what watches over the account',
    alias(statement('cloudtrail:StopLogging', '*'), PUT),
    'ALLOWS_ACCESS_TO_SECURITY_AUDITING_SERVICES::cloudtrail:StopLogging',
  ],
  [
    'messages of every device',
    alias(PUT, statement(['iot:Publish', 's3:GetObject'], '*')),
    'ALLOWS_BROAD_ACCESS_TO_IOT::iot:Publish',
  ],
  [
    "somebody else's policy",
    alias(PUT, PUT, { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] }),
    'MANAGED_POLICIES_NOT_JUDGED',
  ],
])('violates: %s', (_, resources, found) => {
  expect(findings(roleAliasPermissive, resources)).toEqual([`Alias: ${found}`]);
});
