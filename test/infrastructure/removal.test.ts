/** `kaizen destroy` knows every resource of the data stack that can be lost only once. */
import { dataResources, type Template } from '../../cli/teardown/removal-policies';
import { ENVIRONMENTS, synthesizedApp } from './synthesized-app';

const STATEFUL = [
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::DynamoDB::Table',
  'AWS::KMS::Key',
  'AWS::SageMaker::ModelPackageGroup',
];
/** What UpdateStack takes as a text. */
const LARGEST_TEMPLATE_BYTES = 51_200;

test.each(ENVIRONMENTS)('[B10] in %s each has an owner who decides', (environment) => {
  const template = synthesizedApp(environment).templates.get('data')?.toJSON() as Template;
  const stateful = Object.entries(template.Resources).filter(([, { Type }]) => STATEFUL.includes(Type));
  const known = dataResources(template).map(({ logicalId }) => logicalId);
  expect(known.sort()).toEqual(stateful.map(([logicalId]) => logicalId).sort());
  expect(Buffer.byteLength(JSON.stringify(template))).toBeLessThan(LARGEST_TEMPLATE_BYTES - 2_000);
});
