import { jobIsolation } from '../../../../lib/rules/edge-ml/job-isolation';
import { findings } from './findings';
import { condition, pipeline, processing, training, tuning } from './pipeline';

const ISOLATED = { EnableNetworkIsolation: true };
const IN_VPC = { VpcConfig: { Subnets: ['subnet-1'], SecurityGroupIds: ['sg-1'] } };

test('complies: isolated, or in a VPC', () => {
  const resources = pipeline(
    processing({ NetworkConfig: ISOLATED }),
    tuning(ISOLATED),
    condition(training(IN_VPC), processing({ NetworkConfig: IN_VPC })),
  );
  expect(findings(jobIsolation, resources)).toEqual([]);
});

test('violates: every kind of job, also behind a condition', () => {
  const open = { EnableNetworkIsolation: false };
  const resources = pipeline(processing({ NetworkConfig: open }), tuning({}), condition(training(open)));
  expect(findings(jobIsolation, resources)).toEqual([
    'Pipeline: Prepare',
    'Pipeline: Tune',
    'Pipeline: Train',
  ]);
});

test('a definition in S3 is not in the template', () => {
  const resources = {
    Pipeline: { Type: 'AWS::SageMaker::Pipeline', Properties: { PipelineDefinition: {} } },
  };
  expect(findings(jobIsolation, resources)).toEqual([]);
});
