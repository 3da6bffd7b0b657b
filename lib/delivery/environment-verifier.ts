import { Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { inferenceComponentName, waveGroupName } from '../../lambda/device/names';
import { modelPackageGroupName } from '../../lambda/registry/names';
import { environmentPrefix, STACKS, stackName } from '../../lambda/shared/names';
import { pipelineName } from '../../lambda/training/names';
import type { AppConfig } from '../shared/app-config';
import { verifierRoleName } from './names';

export interface EnvironmentVerifierProps {
  readonly config: AppConfig;
  /** ARNs of the roles that may verify, all of one account; they need not exist yet. */
  readonly verifiedBy: readonly string[];
}

/**
 * The role as which `kaizen verify` looks at an environment: it may what the checks of cli/delivery/checks.ts ask, and run
 * one function, the evaluation that its schedule runs anyway. The bootstrap's lookup role may read more and yet too
 * little, since it decrypts nothing.
 */
export class EnvironmentVerifier extends Construct {
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, { config, verifiedBy }: EnvironmentVerifierProps) {
    super(scope, id);
    const [, , , , account = ''] = verifiedBy[0]?.split(':') ?? [];
    this.role = new iam.Role(this, 'Role', {
      roleName: verifierRoleName(config),
      description: `Verifies ${environmentPrefix(config)} after a deployment`,
      // A role as the principal would have to exist, and would no longer be trusted when it is made anew.
      assumedBy: new iam.AccountPrincipal(account).withConditions({
        ArnEquals: { 'aws:PrincipalArn': verifiedBy },
      }),
    });
    for (const statement of this.statements(config)) this.role.addToPolicy(statement);
  }

  private statements(config: AppConfig): iam.PolicyStatement[] {
    const arn = (service: string, resource: string): string =>
      `arn:${Stack.of(this).partition}:${service}:${config.region}:${config.account}:${resource}`;
    const allow = (actions: string[], ...resources: string[]) =>
      new iam.PolicyStatement({ actions, resources });
    const tables = ['ReleaseTableName', 'EpisodeTableName', 'InventoryTableName'].map((output) =>
      arn('dynamodb', `table/${outputOf(config, 'data', output)}`),
    );
    const functionArn = (stack: StackId, output: string) =>
      arn('lambda', `function:${outputOf(config, stack, output)}`);
    const evaluation = functionArn('operations', 'EvaluateDriftFunctionName');
    return [
      allow(
        ['cloudformation:DescribeStacks', 'cloudformation:ListStackResources'],
        ...STACKS.map((stack) => arn('cloudformation', `stack/${stackName(config, stack)}/*`)),
      ),
      allow(['dynamodb:Query', 'dynamodb:Scan'], ...tables),
      allow(['kms:Decrypt'], outputOf(config, 'data', 'EncryptionKeyArn')),
      allow(
        ['lambda:GetFunctionConfiguration'],
        ...['AcceptManifestFunctionName', 'BuildReleaseFunctionName', 'MergeCapturesFunctionName'].map(
          (output) => functionArn('training', output),
        ),
        ...['IngestResultsFunctionName', 'StartRetrainingFunctionName'].map((output) =>
          functionArn('operations', output),
        ),
        evaluation,
      ),
      allow(['lambda:InvokeFunction'], evaluation),
      allow(['sagemaker:DescribePipeline'], arn('sagemaker', `pipeline/${pipelineName(config)}`)),
      allow(
        ['sagemaker:DescribeModelPackageGroup'],
        arn('sagemaker', `model-package-group/${modelPackageGroupName(config)}`),
      ),
      allow(['states:DescribeStateMachine'], outputOf(config, 'fleet', 'RolloutStateMachineArn')),
      allow(
        ['iot:DescribeThingGroup'],
        ...['canary', 'stable'].map((wave) => arn('iot', `thinggroup/${waveGroupName(config, wave)}`)),
      ),
      allow(
        ['greengrass:DescribeComponent'],
        arn('greengrass', `components:${inferenceComponentName(config)}:versions:*`),
      ),
      // With a narrower scope CloudWatch leaves alarms out (API reference of DescribeAlarms).
      allow(['cloudwatch:DescribeAlarms'], '*'),
    ];
  }
}

type StackId = (typeof STACKS)[number];

/**
 * An output that the stack has for the operator's commands. Not a reference to its resource, for which the CDK would give
 * the stack an output more: its template is the same whether it is delivered or deployed by hand.
 */
function outputOf(config: AppConfig, stack: StackId, OutputName: string): string {
  return Token.asString({ 'Fn::GetStackOutput': { StackName: stackName(config, stack), OutputName } });
}
