/** Does one step of a teardown. Each may be done again: what is gone already is no error. */
import { join } from 'node:path';
import {
  DeleteLogGroupCommand,
  ResourceNotFoundException as NoLogGroup,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CancelDeploymentCommand,
  DeleteComponentCommand,
  DeleteDeploymentCommand,
} from '@aws-sdk/client-greengrassv2';
import {
  DeleteCertificateCommand,
  DetachPolicyCommand,
  paginateListAttachedPolicies,
  paginateListPrincipalThings,
  paginateListTargetsForPolicy,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { DeleteObjectsCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import {
  DeleteModelPackageCommand,
  DescribePipelineExecutionCommand,
  StopPipelineExecutionCommand,
} from '@aws-sdk/client-sagemaker';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { devicePolicyName } from '../../lambda/device/names';
import { decommissionDevice } from '../device/decommission-device';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { changeRemovals, deleteStack } from './delete-stack';
import { exportBucket, exportModelPackages, exportTable } from './export-data';
import type { TeardownStep } from './plan-teardown';

export interface StepContext {
  readonly clients: Clients;
  readonly environment: KaizenEnvironment;
  /** Where exports go; asked for only where something is exported. */
  readonly folder: () => string;
  /** ARNs of the model packages that there are. */
  readonly modelPackages: readonly string[];
  readonly pause: (milliseconds: number) => Promise<void>;
}

const LOOK_AGAIN_MILLISECONDS = 2_000;
/** A sweep takes a second or two. */
const QUIET_LOOKS = 5;
const STOPPED_BECAUSE = 'The environment is being destroyed';

async function runs({ clients }: StepContext, PipelineExecutionArn: string): Promise<boolean> {
  const { PipelineExecutionStatus = '' } = await clients.sageMaker.send(
    new DescribePipelineExecutionCommand({ PipelineExecutionArn }),
  );
  return ['Executing', 'Stopping'].includes(PipelineExecutionStatus);
}

/** A pipeline with a running execution cannot be deleted, so this waits until it has stopped. */
async function stopTraining(context: StepContext, PipelineExecutionArn: string): Promise<void> {
  try {
    await context.clients.sageMaker.send(new StopPipelineExecutionCommand({ PipelineExecutionArn }));
  } catch (error) {
    // It may have ended by itself since it was found.
    if (await runs(context, PipelineExecutionArn)) throw error;
  }
  while (await runs(context, PipelineExecutionArn)) await context.pause(LOOK_AGAIN_MILLISECONDS);
}

/**
 * The sweeper goes on from what a stopped execution leaves, by its schedule and by the event of the end: it is held first. One
 * that is at work just then may still start an execution, so this looks again until it has found none for a while.
 */
async function stopRollouts(
  { clients, environment, pause }: StepContext,
  sweeper: string | undefined,
): Promise<void> {
  const { lambda, stepFunctions } = clients;
  if (sweeper !== undefined) {
    await lambda.send(
      new PutFunctionConcurrencyCommand({ FunctionName: sweeper, ReservedConcurrentExecutions: 0 }),
    );
  }
  const stateMachineArn = environment.output('RolloutStateMachineArn');
  let quietLooks = 0;
  while (quietLooks < QUIET_LOOKS) {
    const { executions = [] } = await stepFunctions.send(
      new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }),
    );
    quietLooks = executions.length > 0 ? 0 : quietLooks + 1;
    for (const { executionArn } of executions) {
      await stepFunctions.send(new StopExecutionCommand({ executionArn, cause: STOPPED_BECAUSE }));
    }
    await pause(LOOK_AGAIN_MILLISECONDS);
  }
}

async function policiesOf(client: Clients['iot'], target: string): Promise<number> {
  let policies = 0;
  for await (const page of paginateListAttachedPolicies({ client }, { target })) {
    policies += page.policies?.length ?? 0;
  }
  return policies;
}

async function thingsOf(client: Clients['iot'], principal: string): Promise<number> {
  let things = 0;
  for await (const page of paginateListPrincipalThings({ client }, { principal })) {
    things += page.things?.length ?? 0;
  }
  return things;
}

/** Certificates of provisionings that were cut off; one that serves anything else only loses the policy. */
async function detachDevicePolicy({ clients, environment }: StepContext): Promise<void> {
  const { iot } = clients;
  const policyName = devicePolicyName({ environmentName: environment.name });
  const targets: string[] = [];
  for await (const page of paginateListTargetsForPolicy({ client: iot }, { policyName })) {
    targets.push(...(page.targets ?? []));
  }
  for (const target of targets) {
    await iot.send(new DetachPolicyCommand({ policyName, target }));
    if ((await policiesOf(iot, target)) > 0 || (await thingsOf(iot, target)) > 0) continue;
    const certificateId = target.split('/').pop() ?? '';
    await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    await iot.send(new DeleteCertificateCommand({ certificateId }));
  }
}

/** Every version of every object; listed from the start each time, since what is deleted shifts the pages. */
async function emptyBucket({ clients }: StepContext, Bucket: string): Promise<void> {
  for (;;) {
    const page = await clients.s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }));
    if (Objects.length === 0) return;
    const { Errors = [] } = await clients.s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors;
    if (first)
      throw new Error(
        `bucket ${Bucket}: ${Errors.length} objects stay, first '${first.Key}': ${first.Message}`,
      );
  }
}

async function deleteLogGroup({ clients }: StepContext, logGroupName: string): Promise<void> {
  try {
    await clients.logs.send(new DeleteLogGroupCommand({ logGroupName }));
  } catch (error) {
    if (!(error instanceof NoLogGroup)) throw error;
  }
}

/**
 * @throws whatever AWS refuses; the step can then be taken again
 */
export async function takeStep(context: StepContext, step: TeardownStep): Promise<void> {
  const { clients, environment } = context;
  switch (step.kind) {
    case 'stop-training':
      return stopTraining(context, step.executionArn);
    case 'stop-rollouts':
      return stopRollouts(context, step.sweeper);
    case 'cancel-deployment':
      await clients.greengrass.send(new CancelDeploymentCommand({ deploymentId: step.deploymentId }));
      return;
    case 'delete-deployment':
      await clients.greengrass.send(new DeleteDeploymentCommand({ deploymentId: step.deploymentId }));
      return;
    case 'decommission-device':
      return decommissionDevice(clients, environment, { thingName: step.thingName, pause: context.pause });
    case 'detach-device-policy':
      return detachDevicePolicy(context);
    case 'delete-component-version':
      await clients.greengrass.send(new DeleteComponentCommand({ arn: step.arn }));
      return;
    case 'delete-log-group':
      return deleteLogGroup(context, step.name);
    case 'change-removal':
      return changeRemovals(clients.cloudFormation, step.stack, step.removals);
    case 'export-bucket':
      return exportBucket(clients.s3, step.name, join(context.folder(), step.output));
    case 'export-table':
      return exportTable(clients.dynamoDb, step.name, join(context.folder(), `${step.output}.jsonl`));
    case 'export-model-packages':
      return exportModelPackages(
        clients.sageMaker,
        context.modelPackages,
        join(context.folder(), 'model-packages'),
      );
    case 'delete-model-package':
      await clients.sageMaker.send(new DeleteModelPackageCommand({ ModelPackageName: step.arn }));
      return;
    case 'empty-bucket':
      return emptyBucket(context, step.name);
    case 'delete-stack':
      return deleteStack(clients.cloudFormation, step.stack, step.retain);
  }
}
