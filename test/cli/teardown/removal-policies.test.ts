import { BUCKETS, KEYS, TABLES } from '../../../cli/teardown/holdings';
import { dataResources, type Template, withRemovals } from '../../../cli/teardown/removal-policies';

const names = Object.keys({ ...BUCKETS, ...TABLES, ...KEYS });

/** A data stack whose resources have the names of their outputs. */
function aTemplate(changes: Template['Resources'] = {}): Template {
  const typeOf = (name: string) => {
    if (name in BUCKETS) return 'AWS::S3::Bucket';
    return name in TABLES ? 'AWS::DynamoDB::Table' : 'AWS::KMS::Key';
  };
  return {
    Outputs: Object.fromEntries(
      names.map((name) => [
        name,
        { Value: name in KEYS ? { 'Fn::GetAtt': [`R${name}`, 'Arn'] } : { Ref: `R${name}` } },
      ]),
    ),
    Resources: {
      ...Object.fromEntries(names.map((name) => [`R${name}`, { Type: typeOf(name) }])),
      Packages: { Type: 'AWS::SageMaker::ModelPackageGroup', DeletionPolicy: 'RetainExceptOnCreate' },
      Policy: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: { Ref: 'RDatasetBucketName' } } },
      Queue: { Type: 'AWS::SQS::Queue' },
      ...changes,
    },
  };
}

test('what holds something is found by the outputs, with what makes it safe; a queue holds nothing', () => {
  const found = dataResources(aTemplate());
  expect(found).toHaveLength(names.length + 2);
  expect(found).toContainEqual({ logicalId: 'REncryptionKeyArn', holding: 'anything', removal: 'delete' });
  expect(found).toContainEqual({ logicalId: 'Packages', holding: 'models', removal: 'keep' });
  expect(found).toContainEqual({ logicalId: 'Policy', holding: 'dataset', removal: 'delete' });
});

test('an output that names no resource is refused', () => {
  const { RLabelTableName: _gone, ...Resources } = aTemplate().Resources;
  expect(() => dataResources({ ...aTemplate(), Resources })).toThrow(
    'data stack: its output LabelTableName must name a resource of its template',
  );
});

test('a removal changes policy and metadata, lets a table go, and leaves the rest alone', () => {
  const before = aTemplate({
    RLabelTableName: {
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: 'Retain',
      Metadata: { 'aws:cdk:path': 'a/path' },
      Properties: { DeletionProtectionEnabled: true, BillingMode: 'PAY_PER_REQUEST' },
    },
  });
  const after = withRemovals(before, { RLabelTableName: 'delete', RDatasetBucketName: 'keep' });
  expect(after.Resources.RLabelTableName).toEqual({
    Type: 'AWS::DynamoDB::Table',
    DeletionPolicy: 'Delete',
    Metadata: { 'aws:cdk:path': 'a/path', 'kaizen:removal': 'delete' },
    Properties: { DeletionProtectionEnabled: false, BillingMode: 'PAY_PER_REQUEST' },
  });
  expect(after.Resources.RDatasetBucketName).toMatchObject({ DeletionPolicy: 'Retain' });
  expect(after.Resources.RModelBucketName).toBe(before.Resources.RModelBucketName);
  const removals = Object.fromEntries(
    dataResources(after).map(({ logicalId, removal }) => [logicalId, removal]),
  );
  expect(removals).toMatchObject({ RLabelTableName: 'delete', RDatasetBucketName: 'keep' });
});
