const OUTPUT = '/opt/ml/processing/output';

/** Averages the readings, and leaves the result where the execution's own folder is. */
export const pipeline = (script) => ({
  Version: '2020-12-01',
  Parameters: [{ Name: 'Readings', Type: 'String', DefaultValue: '1,2' }],
  Steps: [
    {
      Name: 'Average',
      Type: 'Processing',
      Arguments: {
        AppSpecification: {
          ImageUri: 'example.com/python:3',
          ContainerEntrypoint: ['/bin/sh', '-c', 'exec python3 /opt/ml/processing/input/code/*.py "$@"', '-'],
          ContainerArguments: [{ Get: 'Parameters.Readings' }, `${OUTPUT}/average.txt`],
        },
        ProcessingInputs: [
          {
            InputName: 'code',
            S3Input: {
              S3Uri: script.s3ObjectUrl,
              LocalPath: '/opt/ml/processing/input/code',
              S3DataType: 'S3Prefix',
            },
          },
        ],
        ProcessingOutputConfig: {
          Outputs: [
            {
              OutputName: 'average',
              S3Output: {
                S3Uri: {
                  'Std:Join': {
                    On: '/',
                    Values: [`s3://${script.s3BucketName}/runs`, { Get: 'Execution.PipelineExecutionId' }],
                  },
                },
                LocalPath: OUTPUT,
                S3UploadMode: 'EndOfJob',
              },
            },
          ],
        },
        ProcessingResources: {
          ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.t3.medium', VolumeSizeInGB: 1 },
        },
      },
    },
  ],
});
