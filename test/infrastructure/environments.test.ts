import { TRAINING_VARIABLES } from '../../lambda/training/names';
import { DeployedFunction } from './deployed-function';
import {
  ENVIRONMENTS,
  type Resource,
  synthesizedAgain,
  synthesizedApp,
  synthesizedAsking,
} from './synthesized-app';

/** Types whose loss is the loss of data or trust. */
const STATEFUL = [
  'AWS::S3::Bucket',
  'AWS::DynamoDB::Table',
  'AWS::KMS::Key',
  'AWS::SageMaker::ModelPackageGroup',
];

/** What people and tools read, by stack (docs/architecture.md, section 1). */
const OUTPUTS = {
  data: 'DatasetBucketName ModelBucketName TelemetryBucketName SigningKeyArn EncryptionKeyArn ReleaseTableName LabelTableName SketchTableName EpisodeTableName InventoryTableName ModelPackageGroupName',
  training:
    'PipelineName PipelineRoleArn BuildReleaseFunctionName AcceptManifestFunctionName MergeCapturesFunctionName',
  fleet:
    'CanaryGroupName StableGroupName DevicePolicyName RoleAliasName TokenExchangeRoleArn InferenceComponentName InferenceComponentVersion RolloutStateMachineArn SweepRolloutsFunctionName ResultsQueueUrl ResultsDeadLetterQueueUrl ThingTypeName',
  operations:
    'EvaluateDriftFunctionName StartRetrainingFunctionName DashboardName AlarmTopicArn IngestResultsFunctionName',
};

describe.each(ENVIRONMENTS)('[D1] %s', (environment) => {
  const app = () => synthesizedApp(environment);

  test('synthesizes four stacks by name, without credentials and look-ups', () => {
    const { stacks, config } = app();
    expect(Object.values(stacks).map(({ stackName }) => stackName)).toEqual(
      ['data', 'training', 'fleet', 'operations'].map((name) => `kaizen-${environment}-${name}`),
    );
    for (const stack of Object.values(stacks)) {
      expect(stack.account).toBe(config.account);
      expect(stack.region).toBe(config.region);
    }
  });

  test('every stack has the outputs that tools read', () => {
    for (const [stack, names] of Object.entries(OUTPUTS)) {
      const outputs = Object.keys(app().templates.get(stack)?.findOutputs('*') ?? {});
      expect(outputs.filter((name) => !name.startsWith('PublishOutput')).sort()).toEqual(
        names.split(' ').sort(),
      );
    }
  });

  test('[S10] where a larger network is trained, its width is told to whoever starts a training', () => {
    const asking = synthesizedAsking(environment);
    const [output] = Object.values(
      asking.templates.get('training')?.findOutputs('CloudWidthMultiplier') ?? {},
    );
    expect(output?.Value).toBe('1');
    expect(
      new DeployedFunction(asking, 'retraining/start-retraining').environment[
        TRAINING_VARIABLES.cloudWidthMultiplier
      ],
    ).toBe('1');
  });

  test('references point backwards: Data <- Training <- Fleet <- Operations', () => {
    const order = Object.values(app().stacks);
    order.forEach((stack, index) => {
      const later = order.slice(index);
      expect(stack.dependencies.filter((dependency) => later.includes(dependency))).toEqual([]);
    });
  });

  test('the same sources give the same templates', () => {
    const again = synthesizedAgain(environment);
    for (const [stack, template] of app().templates) {
      expect(again.templates.get(stack)?.toJSON()).toEqual(template.toJSON());
    }
  });

  test('every function has the runtime, the architecture and the tracing of its environment', () => {
    const { config } = app();
    for (const { Properties } of app().resources('AWS::Lambda::Function')) {
      expect(Properties.Runtime).toBe('nodejs24.x');
      expect(Properties.Architectures).toEqual([config.lambda.architecture]);
      expect(Properties.TracingConfig).toEqual({ Mode: 'Active' });
      expect(Properties.Environment.Variables).toMatchObject({
        KAIZEN_ENVIRONMENT: environment,
        KAIZEN_USE_CASE: config.useCase,
      });
    }
  });

  test('thing groups, rules and names are those that devices and tools expect', () => {
    const names = (type: string, property: string) =>
      app()
        .resources(type)
        .map(({ Properties }) => Properties[property])
        .sort();
    expect(names('AWS::IoT::ThingGroup', 'ThingGroupName')).toEqual(
      ['canary', 'fleet', 'stable'].map((name) => `kaizen-${environment}-${name}`),
    );
    expect(names('AWS::IoT::TopicRule', 'RuleName')).toEqual([
      `kaizen_${environment}_results`,
      `kaizen_${environment}_status`,
    ]);
    expect(names('AWS::IoT::RoleAlias', 'RoleAlias')).toEqual([`kaizen-${environment}-token-exchange`]);
    expect(names('AWS::SageMaker::Pipeline', 'PipelineName')).toEqual([
      `kaizen-${environment}--surface-inspection-training`,
    ]);
    expect(names('AWS::StepFunctions::StateMachine', 'StateMachineName')).toEqual([
      `kaizen-${environment}-rollout`,
    ]);
    expect(names('AWS::Logs::LogGroup', 'LogGroupName').filter((name) => name !== undefined)).toEqual([
      `/aws/vendedlogs/states/kaizen-${environment}-rollout`,
    ]);
  });
});

describe('[D1] removal', () => {
  test('in prod everything with state outlives its stack, and stacks refuse to be deleted', () => {
    const app = synthesizedApp('prod');
    const stateful = STATEFUL.flatMap((type) => app.resources(type));
    expect(stateful.length).toBeGreaterThanOrEqual(11);
    expect(stateful.filter(({ DeletionPolicy }) => !DeletionPolicy?.startsWith('Retain'))).toEqual([]);
    expect(stateful.filter(({ UpdateReplacePolicy }) => UpdateReplacePolicy !== 'Retain')).toEqual([]);
    expect(Object.values(app.stacks).map(({ terminationProtection }) => terminationProtection)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(
      app.resources('AWS::DynamoDB::Table').filter(({ Properties }) => !Properties.DeletionProtectionEnabled),
    ).toEqual([]);
  });

  test('in prod a first deployment that was rolled back can be repeated', () => {
    const app = synthesizedApp('prod');
    const resources = [...app.templates].flatMap(([stack, template]) =>
      Object.entries(template.toJSON().Resources as Record<string, Resource>).map(
        ([logicalId, resource]) => ({
          ...resource,
          where: `${stack}/${logicalId}`,
        }),
      ),
    );
    const stayingBehind = resources.filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain');
    // What is protected cannot be deleted by a roll-back, which would end in ROLLBACK_FAILED if it tried.
    const isProtected = ({ Properties }: Resource) => Properties.DeletionProtectionEnabled === true;
    // A version of the inference component is taken over by the next deployment.
    expect(
      stayingBehind.filter((resource) => !isProtected(resource)).map(({ where, Type }) => `${where} ${Type}`),
    ).toEqual([expect.stringMatching(/^fleet\/\w+ Custom::GreengrassComponentVersion$/)]);
    // What stays behind must not be in the way of its successor.
    expect(stayingBehind.filter(({ Properties }) => Properties.TableName !== undefined)).toEqual([]);
    expect(
      resources.filter((resource) => isProtected(resource) && resource.DeletionPolicy !== 'Retain'),
    ).toEqual([]);
  });

  test('elsewhere nothing stays behind', () => {
    const app = synthesizedApp('dev');
    const stateful = STATEFUL.flatMap((type) => app.resources(type));
    expect(stateful.filter(({ DeletionPolicy }) => DeletionPolicy !== 'Delete')).toEqual([]);
  });

  test('earlier versions of the inference component always stay: devices may go back to them', () => {
    for (const environment of ENVIRONMENTS) {
      const [component] = synthesizedApp(environment).resources('Custom::GreengrassComponentVersion');
      expect(component?.UpdateReplacePolicy).toBe('Retain');
    }
  });
});
