/** A stranger's whole app: a pipeline of one step, a component, and what a device needs to fetch it. */
import { App, CfnOutput, CliCredentialsStackSynthesizer, Stack } from 'aws-cdk-lib';
import { CfnComponentVersion } from 'aws-cdk-lib/aws-greengrassv2';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnPolicy, CfnRoleAlias } from 'aws-cdk-lib/aws-iot';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { CfnPipeline } from 'aws-cdk-lib/aws-sagemaker';
import { component } from './component.mjs';
import { pipeline } from './pipeline.mjs';

const stack = new Stack(new App(), 'Weather', { synthesizer: new CliCredentialsStackSynthesizer() });
const script = new Asset(stack, 'Script', { path: new URL('average.py', import.meta.url).pathname });
const jobs = new Role(stack, 'Jobs', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') });
script.grantRead(jobs);
script.bucket.grantReadWrite(jobs);
// The pipeline acts as the role of its jobs, and hands it on to them.
jobs.grantPassRole(jobs);
jobs.addToPolicy(
  new PolicyStatement({
    actions: ['sagemaker:CreateProcessingJob', 'sagemaker:DescribeProcessingJob', 'sagemaker:AddTags'],
    resources: [stack.formatArn({ service: 'sagemaker', resource: 'processing-job', resourceName: '*' })],
  }),
);

new CfnPipeline(stack, 'Pipeline', {
  pipelineName: 'weather',
  roleArn: jobs.roleArn,
  pipelineDefinition: { PipelineDefinitionBody: stack.toJsonString(pipeline(script)) },
});
new CfnComponentVersion(stack, 'Component', { inlineRecipe: JSON.stringify(component) });

const devices = new Role(stack, 'Devices', {
  assumedBy: new ServicePrincipal('credentials.iot.amazonaws.com'),
});
const alias = new CfnRoleAlias(stack, 'Alias', { roleAlias: 'weather', roleArn: devices.roleArn });
const actions = ['iot:Connect', 'iot:Publish', 'iot:Receive', 'iot:Subscribe', 'greengrass:*'];
new CfnPolicy(stack, 'Policy', {
  policyName: 'weather-station',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [
      new PolicyStatement({ actions, resources: ['*'] }),
      new PolicyStatement({
        actions: ['iot:AssumeRoleWithCertificate'],
        resources: [alias.attrRoleAliasArn],
      }),
    ].map((statement) => statement.toStatementJson()),
  },
});
new CfnOutput(stack, 'Bucket', { value: script.s3BucketName });
