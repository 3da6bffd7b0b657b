/** Looks what is there of an environment. */
import {
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateListStackResources,
  type Stack,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import {
  paginateListComponents,
  paginateListComponentVersions,
  paginateListDeployments,
} from '@aws-sdk/client-greengrassv2';
import {
  DescribeThingGroupCommand,
  paginateListTargetsForPolicy,
  paginateListThings,
  ResourceNotFoundException,
} from '@aws-sdk/client-iot';
import { GetFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { paginateListModelPackages, paginateListPipelineExecutions } from '@aws-sdk/client-sagemaker';
import { paginateListExecutions } from '@aws-sdk/client-sfn';
import {
  configurationComponentName,
  devicePolicyName,
  fleetGroupName,
  thingTypeName,
  waveGroupName,
} from '../../lambda/device/names';
import { modelComponentName } from '../../lambda/registry/names';
import { STACKS, stackName, VERIFICATION_STACK } from '../../lambda/shared/names';
import { WAVES } from '../device/device-folder';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import type { Existing, ExistingBucket, ExistingStack, ExistingTable } from './existing';
import { BUCKETS, TABLES } from './holdings';
import { dataResources, type Template } from './removal-policies';

/** Pages of the SDK as one list. */
async function all<Page, Item>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...(itemsOf(page) ?? []));
  return items;
}

/** What a call that names something answers, `undefined` where that is not there. */
async function ifThere<Answer>(
  call: Promise<Answer>,
  isMissing: (error: Error) => boolean,
): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && isMissing(error)) return undefined;
    throw error;
  }
}

const isNoThing = (error: Error): boolean => error instanceof ResourceNotFoundException;

async function describeStack(client: Clients['cloudFormation'], name: string): Promise<Stack | undefined> {
  const answer = await ifThere(client.send(new DescribeStacksCommand({ StackName: name })), ({ message }) =>
    /does not exist/.test(message),
  );
  return answer?.Stacks?.find(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
}

/** The template as it was sent. */
export async function readTemplate(client: Clients['cloudFormation'], stack: string): Promise<Template> {
  const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName: stack }));
  return JSON.parse(TemplateBody) as Template;
}

const isLogGroup = ({ ResourceType, ResourceStatus }: StackResourceSummary): boolean =>
  ResourceType === 'AWS::Logs::LogGroup' && ResourceStatus !== 'DELETE_COMPLETE';

async function readStack(
  clients: Pick<Clients, 'cloudFormation'>,
  stack: ExistingStack['stack'],
  name: string,
): Promise<ExistingStack | undefined> {
  const client = clients.cloudFormation;
  const described = await describeStack(client, name);
  if (!described) return undefined;
  const resources = await all(
    paginateListStackResources({ client }, { StackName: name }),
    (page) => page.StackResourceSummaries,
  );
  const logGroups = resources.filter(isLogGroup).map(({ PhysicalResourceId = '' }) => PhysicalResourceId);
  const { Resources } = await readTemplate(client, name);
  return {
    stack,
    name,
    status: described.StackStatus ?? '',
    isProtected: described.EnableTerminationProtection ?? false,
    logGroups,
    keepsLogGroups: Object.values(Resources).some(
      ({ Type, DeletionPolicy = 'Delete' }) => Type === 'AWS::Logs::LogGroup' && DeletionPolicy !== 'Delete',
    ),
  };
}

async function readDevices(iot: Clients['iot'], environmentName: string) {
  const things = await all(
    paginateListThings({ client: iot }, { thingTypeName: thingTypeName({ environmentName }) }),
    (page) => page.things,
  );
  const certificates = await ifThere(
    all(
      paginateListTargetsForPolicy({ client: iot }, { policyName: devicePolicyName({ environmentName }) }),
      (page) => page.targets,
    ),
    isNoThing,
  );
  return { things, certificates: certificates?.length ?? 0 };
}

async function readGroupArns(iot: Clients['iot'], environmentName: string): Promise<string[]> {
  const names = [
    fleetGroupName({ environmentName }),
    ...WAVES.map((wave) => waveGroupName({ environmentName }, wave)),
  ];
  const groups = await Promise.all(
    names.map((thingGroupName) =>
      ifThere(iot.send(new DescribeThingGroupCommand({ thingGroupName })), isNoThing),
    ),
  );
  return groups.flatMap((group) => group?.thingGroupArn ?? []);
}

/** Deployments have no owner but their target. */
async function readDeployments(
  client: Clients['greengrass'],
  targets: ReadonlySet<string>,
): Promise<Existing['deployments']> {
  const deployments = await all(
    paginateListDeployments({ client }, { historyFilter: 'ALL' }),
    (page) => page.deployments,
  );
  return deployments
    .filter(({ targetArn = '' }) => targets.has(targetArn))
    .map(({ deploymentId = '', deploymentStatus }) => ({
      id: deploymentId,
      isActive: deploymentStatus === 'ACTIVE',
    }));
}

async function readComponentVersions(
  client: Clients['greengrass'],
  names: readonly string[],
): Promise<Existing['componentVersions']> {
  const components = await all(
    paginateListComponents({ client }, { scope: 'PRIVATE' }),
    (page) => page.components,
  );
  const ours = components.filter(({ componentName = '' }) => names.includes(componentName));
  const versions = await Promise.all(
    ours.map(({ arn }) =>
      all(paginateListComponentVersions({ client }, { arn }), (page) => page.componentVersions),
    ),
  );
  return versions.flat().map(({ arn = '', componentName, componentVersion }) => ({
    arn,
    label: `${componentName} ${componentVersion}`,
  }));
}

async function readBuckets(s3: Clients['s3'], environment: KaizenEnvironment): Promise<ExistingBucket[]> {
  const found = Object.entries(BUCKETS).map(async ([output, holding]) => {
    const name = environment.output(output);
    const page = await ifThere(
      s3.send(new ListObjectVersionsCommand({ Bucket: name })),
      (error) => error.name === 'NoSuchBucket',
    );
    if (!page) return [];
    return [
      { holding, output, name, versions: (page.Versions ?? []).length + (page.DeleteMarkers ?? []).length },
    ];
  });
  return (await Promise.all(found)).flat();
}

const EMPTY = {
  trainings: [],
  rollouts: [],
  modelPackages: [],
  buckets: [],
  tables: [],
  dataResources: [],
} as const;

/** Name of the function that starts rollouts; `undefined` where it is gone, or nobody can call it. */
async function readSweeper(
  lambda: Clients['lambda'],
  environment: KaizenEnvironment,
): Promise<string | undefined> {
  const output = 'SweepRolloutsFunctionName';
  if (!environment.has(output)) return undefined;
  const FunctionName = environment.output(output);
  const found = await ifThere(
    lambda.send(new GetFunctionConcurrencyCommand({ FunctionName })),
    ({ name }) => name === 'ResourceNotFoundException',
  );
  return found && found.ReservedConcurrentExecutions !== 0 ? FunctionName : undefined;
}

/** What the outputs of the data stack lead to: it is the last to go, so whatever runs can be found until then. */
async function readHeld(
  clients: Clients,
  environment: KaizenEnvironment,
  data: ExistingStack,
  hasFleet: boolean,
) {
  const tables: ExistingTable[] = Object.entries(TABLES).map(([output, holding]) => ({
    holding,
    output,
    name: environment.output(output),
  }));
  const packages = await all(
    paginateListModelPackages(
      { client: clients.sageMaker },
      { ModelPackageGroupName: environment.output('ModelPackageGroupName') },
    ),
    (page) => page.ModelPackageSummaryList,
  );
  const executions = environment.has('PipelineName')
    ? await all(
        paginateListPipelineExecutions(
          { client: clients.sageMaker },
          { PipelineName: environment.output('PipelineName') },
        ),
        (page) => page.PipelineExecutionSummaries,
      )
    : [];
  const rollouts = hasFleet
    ? await all(
        paginateListExecutions(
          { client: clients.stepFunctions },
          { stateMachineArn: environment.output('RolloutStateMachineArn'), statusFilter: 'RUNNING' },
        ),
        (page) => page.executions,
      )
    : [];
  return {
    trainings: executions
      .filter(({ PipelineExecutionStatus = '' }) =>
        ['Executing', 'Stopping'].includes(PipelineExecutionStatus),
      )
      .map(({ PipelineExecutionArn = '' }) => PipelineExecutionArn),
    rollouts: rollouts.map(({ executionArn = '' }) => executionArn),
    sweeper: hasFleet ? await readSweeper(clients.lambda, environment) : undefined,
    modelPackages: packages.map(({ ModelPackageArn = '' }) => ModelPackageArn),
    buckets: await readBuckets(clients.s3, environment),
    tables,
    dataResources: dataResources(await readTemplate(clients.cloudFormation, data.name)),
  };
}

/** Looks at everything of an environment, whichever of its stacks are still there. */
export async function readExisting(clients: Clients, environment: KaizenEnvironment): Promise<Existing> {
  const environmentName = environment.name;
  const found = await Promise.all(
    ([...STACKS, VERIFICATION_STACK] as const).map((stack) =>
      readStack(clients, stack, stackName({ environmentName }, stack)),
    ),
  );
  const stacks = found.filter((stack) => stack !== undefined);
  const data = stacks.find(({ stack }) => stack === 'data');
  const { things, certificates } = await readDevices(clients.iot, environmentName);
  const targets = [
    ...(await readGroupArns(clients.iot, environmentName)),
    ...things.map(({ thingArn = '' }) => thingArn),
  ];
  const names = [
    ...(environment.has('InferenceComponentName') ? [environment.output('InferenceComponentName')] : []),
    configurationComponentName({ environmentName }),
    ...(data ? [modelComponentName({ environmentName, useCase: environment.useCase })] : []),
  ];
  return {
    environmentName,
    stacks,
    devices: things.map(({ thingName = '' }) => thingName),
    certificates,
    deployments: await readDeployments(clients.greengrass, new Set(targets)),
    componentVersions: await readComponentVersions(clients.greengrass, names),
    ...(data
      ? await readHeld(
          clients,
          environment,
          data,
          stacks.some(({ stack }) => stack === 'fleet'),
        )
      : EMPTY),
  };
}
