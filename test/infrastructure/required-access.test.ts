/** What our SageMaker and Greengrass ask of their callers, against AWS's service authorization reference. */
import { type AccessCheck, REQUIRED_ACCESS } from '@kaizen-edge/local-aws';
import { type Action, actionsMatching, hasConditionKey, isOfType } from './authorization-reference';

const ACCOUNT = '000000000000';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/jobs`;
const TAGS = [{ Key: 'line', Value: 'a' }];
const sagemakerArn = (rest: string) => `arn:aws:sagemaker:us-east-1:${ACCOUNT}:${rest}`;
const greengrassArn = (rest: string) => `arn:aws:greengrass:us-east-1:${ACCOUNT}:${rest}`;

/** AWS has no such operation: nobody can ask it for an interruption. */
const OURS = ['InterruptTrainingJob'];

/** Everything that any request of SageMaker is judged by, whatever the operation. */
const JOB = {
  StoppingCondition: { MaxRuntimeInSeconds: 60 },
  EnableNetworkIsolation: true,
  EnableInterContainerTrafficEncryption: true,
  VpcConfig: { Subnets: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
  OutputDataConfig: { KmsKeyId: 'arn:aws:kms:us-east-1:000000000000:key/1' },
  ResourceConfig: { InstanceType: 'ml.m5.large', VolumeKmsKeyId: 'arn:aws:kms:us-east-1:000000000000:key/1' },
};
const NAMES = {
  PipelineName: 'Pipeline',
  PipelineExecutionArn: sagemakerArn('pipeline/pipeline/execution/abc123'),
  TrainingJobName: 'Job',
  ProcessingJobName: 'Job',
  HyperParameterTuningJobName: 'Job',
  ModelPackageGroupName: 'Models',
  ModelPackageName: sagemakerArn('model-package/models/1'),
  ModelPackageArn: sagemakerArn('model-package/models/1'),
  ResourceArn: sagemakerArn('pipeline/pipeline'),
  ModelApprovalStatus: 'Approved',
  CustomerMetadataProperties: { accuracy: '0.9' },
};

function sagemakerRequest(operation: string) {
  const changes = /^(Create|Update|Delete)/.test(operation);
  return {
    ...NAMES,
    ...(operation.startsWith('Create') && { Tags: TAGS }),
    ...(operation === 'UpdateModelPackage' && { CustomerMetadataPropertiesToRemove: ['accuracy'] }),
    ...(operation === 'DeleteTags' && { TagKeys: ['line'] }),
    ...(changes && /Pipeline$/.test(operation) && operation !== 'DeletePipeline' && { RoleArn: ROLE }),
    ...(operation === 'CreateTrainingJob' && { RoleArn: ROLE, ...JOB }),
    ...(operation === 'CreateHyperParameterTuningJob' && {
      TrainingJobDefinition: { RoleArn: ROLE, ...JOB },
    }),
    ...(operation === 'CreateProcessingJob' && {
      RoleArn: ROLE,
      StoppingCondition: JOB.StoppingCondition,
      NetworkConfig: JOB,
      ProcessingOutputConfig: JOB.OutputDataConfig,
      ProcessingResources: { ClusterConfig: JOB.ResourceConfig },
    }),
  };
}

const RECIPE = {
  RecipeFormatVersion: '2020-01-25',
  ComponentName: 'com.example.A',
  ComponentVersion: '1.0.0',
  Manifests: [],
};

function greengrassRequest(operation: string) {
  const arns: Readonly<Record<string, string>> = {
    ListComponentVersions: 'components:com.example.A',
    ListTagsForResource: 'deployments:1',
    TagResource: 'coreDevices:press',
    UntagResource: 'components:com.example.A',
  };
  return {
    params: {
      ...(/Component|Tag/.test(operation) &&
        !/^(Create|Resolve|ListComponents$|ListInstalled)/.test(operation) && {
          arn: greengrassArn(arns[operation] ?? 'components:com.example.A:versions:1.0.0'),
        }),
      ...(/CoreDevice$|EffectiveDeployments|InstalledComponents/.test(operation) && { thing: 'press' }),
      ...(/^(Get|Cancel|Delete)Deployment$/.test(operation) && { id: '1' }),
    },
    query: operation === 'UntagResource' ? { tagKeys: 'line' } : {},
    body: {
      ...(operation === 'CreateDeployment' && {
        targetArn: `arn:aws:iot:us-east-1:${ACCOUNT}:thinggroup/canary`,
      }),
      ...(operation === 'CreateComponentVersion' && {
        inlineRecipe: Buffer.from(JSON.stringify(RECIPE)).toString('base64'),
      }),
      ...(operation === 'ResolveComponentCandidates' && {
        componentCandidates: [{ componentName: 'com.example.A' }],
      }),
      ...(/^(Create|Tag)/.test(operation) && { tags: { line: 'a' } }),
    },
  };
}

async function actionOf(name: string): Promise<Action> {
  const [found, ...others] = await actionsMatching(name);
  if (!found || others.length > 0) throw new Error(`AWS has no action ${name}`);
  return found;
}

/** One sentence per thing that the reference would not have. */
async function faultsOf(check: AccessCheck): Promise<string[]> {
  const action = await actionOf(check.action);
  const isAbout = action.resourceTypes.some((type) => isOfType(check.resource, type));
  const mustName = action.resourceTypes.some(({ isRequired }) => isRequired);
  const fits = check.resource === '*' ? !mustName : isAbout;
  return [
    ...(fits ? [] : [`${check.action} is not about ${check.resource}`]),
    ...Object.keys(check.context ?? {})
      .filter((key) => !hasConditionKey(action, key))
      .map((key) => `no request for ${check.action} carries ${key}`),
  ];
}

const SERVICES = [
  ['sagemaker', REQUIRED_ACCESS.sagemaker.operations.filter((name) => !OURS.includes(name))],
  ['greengrass', REQUIRED_ACCESS.greengrass.operations],
] as const;

const checksOf = (service: 'sagemaker' | 'greengrass', operation: string): AccessCheck[] =>
  service === 'sagemaker'
    ? REQUIRED_ACCESS.sagemaker.checks(operation, sagemakerRequest(operation))
    : REQUIRED_ACCESS.greengrass.checks(operation, greengrassRequest(operation));

const CASES = SERVICES.flatMap(([service, operations]) =>
  operations.map((operation) => [service, operation] as const),
);

test.each(CASES)('%s:%s asks for what the reference says, and for all of it', async (service, operation) => {
  const checks = checksOf(service, operation);
  expect((await Promise.all(checks.map(faultsOf))).flat()).toEqual([]);
  const { name, dependents } = await actionOf(`${service}:${operation}`);
  const others = new Set(checks.map(({ action }) => action).filter((action) => action !== name));
  expect([...others].sort()).toEqual([...dependents].sort());
});

test('a processing job is judged by every condition key that its request can carry', async () => {
  const keys = Object.keys(checksOf('sagemaker', 'CreateProcessingJob')[0]?.context ?? {});
  const { conditionKeys } = await actionOf('sagemaker:CreateProcessingJob');
  // What a job has for tags is known once there is a job.
  const known = conditionKeys.filter((key) => /^sagemaker:(?!ResourceTag)/.test(key));
  expect(keys.filter((key) => key.startsWith('sagemaker:')).sort()).toEqual(known.sort());
});
