import { jobEncryption } from '../../../../lib/rules/edge-ml/job-encryption';
import { findings } from './findings';
import { pipeline, processing, training } from './pipeline';

const train = (cluster: object, more: object = {}) =>
  training({
    OutputDataConfig: { KmsKeyId: 'key' },
    ResourceConfig: { VolumeKmsKeyId: 'key', ...cluster },
    ...more,
  });
const prepare = (cluster: object, more: object = {}) =>
  processing({
    ProcessingOutputConfig: { KmsKeyId: 'KEY' },
    ProcessingResources: { ClusterConfig: { VolumeKmsKeyId: 'key', ...cluster } },
    ...more,
  });
const ENCRYPTED = { EnableInterContainerTrafficEncryption: true };

test('complies: outputs, volumes and traffic', () => {
  const resources = pipeline(
    train({ InstanceCount: 2 }, ENCRYPTED),
    prepare({ InstanceCount: 2 }, { NetworkConfig: ENCRYPTED }),
    processing({ ProcessingResources: { ClusterConfig: { VolumeKmsKeyId: 'key', InstanceCount: 1 } } }),
  );
  expect(findings(jobEncryption, resources)).toEqual([]);
});

test.each([
  ['the output of a training', pipeline(train({}, { OutputDataConfig: {} })), 'Train output'],
  ['its volume', pipeline(train({ VolumeKmsKeyId: undefined })), 'Train volume'],
  ['its hosts', pipeline(train({ InstanceCount: 2 })), 'Train traffic'],
  [
    'as many hosts as a parameter says',
    pipeline(train({ InstanceCount: { Get: 'Parameters.N' } })),
    'Train traffic',
  ],
  ['the output of a processing', pipeline(prepare({}, { ProcessingOutputConfig: {} })), 'Prepare output'],
  ['its volume', pipeline(prepare({ VolumeKmsKeyId: undefined })), 'Prepare volume'],
  ['its hosts', pipeline(prepare({ InstanceCount: 2 })), 'Prepare traffic'],
])('violates: %s', (_, resources, found) => {
  expect(findings(jobEncryption, resources)).toEqual([`Pipeline: ${found}`]);
});
