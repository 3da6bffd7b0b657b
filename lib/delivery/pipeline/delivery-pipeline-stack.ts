import { Duration, Stack } from 'aws-cdk-lib';
import * as codebuild from 'aws-cdk-lib/aws-codebuild';
import { GlobalVariables } from 'aws-cdk-lib/aws-codepipeline';
import { NotificationRule } from 'aws-cdk-lib/aws-codestarnotifications';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import {
  CodeBuildStep,
  CodePipeline,
  CodePipelineSource,
  type IFileSetProducer,
  ManualApprovalStep,
  type Step,
} from 'aws-cdk-lib/pipelines';
import type { Construct } from 'constructs';
import { devDependencies } from '../../../package.json';
import { EncryptionKey } from '../../shared/encryption-key';
import { PrivateBucket } from '../../shared/private-bucket';
import { removalPolicy } from '../../shared/removal';
import { DeliveredEnvironment } from '../delivered-environment';
import type { DeliveredStage, Delivery } from '../delivery-config';
import { bootstrapRoleArn, INSPECTOR_ROLE, PIPELINE_NAME, roleArn, verifierRoleName } from '../names';
import { BUILD_ENVIRONMENT, RUNTIMES, TEST_ENVIRONMENT } from './build-environment';
import { BUILD, INSTALL, reviewCommand, verifyCommand } from './delivery-commands';
import { DeliveryTopic } from './delivery-topic';
import { DriftCheck } from './drift-check';

/** Pages that people approve by. They are kept as long as what they approved may be asked about. */
const REVIEW_PREFIX = 'reviews/';
const REVIEW_DAYS = 400;
/** Below the pipeline's own name, cut to 20 characters by CodePipeline: sources and assemblies of executions. */
const ARTIFACT_PREFIX = `${PIPELINE_NAME}/`;
const ARTIFACT_DAYS = 30;
/** The reviews are records, and what lies below the key with them. */
const KEPT = { environmentName: 'delivery', removal: 'retain', transport: 'tls-only' } as const;

/**
 * The pipeline that brings each commit of one branch to the environments, itself included: build and test, then stage by
 * stage what changes as a page, an approval where the configuration wants one, the stacks, and their verification.
 *
 * The environments are stages of the app and not of this stack, so that their templates are those of `cdk synth`.
 */
export class DeliveryPipelineStack extends Stack {
  private readonly encryptionKey: kms.Key;
  private readonly bucket: PrivateBucket;
  private readonly topic: DeliveryTopic;
  private readonly logging: codebuild.LoggingOptions;
  private readonly inspector: iam.Role;

  constructor(scope: Construct, delivery: Delivery) {
    const { account, region } = delivery.pipeline;
    super(scope, 'DeliveryPipeline', {
      stackName: PIPELINE_NAME,
      description: 'Kaizen Edge: brings each commit to the environments',
      env: { account, region },
      terminationProtection: true,
    });
    this.encryptionKey = new EncryptionKey(this, 'EncryptionKey', KEPT);
    this.bucket = new PrivateBucket(this, 'Artifacts', {
      config: KEPT,
      encryptionKey: this.encryptionKey,
      versioned: true,
      expirationDays: { [REVIEW_PREFIX]: REVIEW_DAYS, [ARTIFACT_PREFIX]: ARTIFACT_DAYS },
    });
    this.topic = new DeliveryTopic(this, 'Topic', {
      encryptionKey: this.encryptionKey,
      subscriptions: delivery.subscriptions,
    });
    this.logging = {
      cloudWatch: {
        logGroup: new logs.LogGroup(this, 'Logs', {
          encryptionKey: this.encryptionKey,
          retention: logs.RetentionDays.THREE_MONTHS,
          removalPolicy: removalPolicy(KEPT),
        }),
      },
    };
    this.inspector = this.inspectorRole(delivery);
    const pipeline = this.pipeline(delivery);
    this.tellOf(pipeline);
    new DriftCheck(this, 'DriftCheck', {
      delivery,
      role: this.inspector,
      encryptionKey: this.encryptionKey,
      logging: this.logging,
      topic: this.topic,
    });
  }

  /** Looks at environments, and changes nothing in them. Named, so that their accounts can trust it before it exists. */
  private inspectorRole({ stages }: Delivery): iam.Role {
    const role = new iam.Role(this, 'Inspector', {
      roleName: INSPECTOR_ROLE,
      description: 'Builds that look at environments before, after and between deployments',
      assumedBy: new iam.ServicePrincipal('codebuild.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    });
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['sts:AssumeRole'],
        resources: stages.flatMap(({ config }) => [
          roleArn(config, verifierRoleName(config)),
          bootstrapRoleArn(config, 'lookup'),
        ]),
      }),
    );
    this.bucket.grantPut(role, `${REVIEW_PREFIX}*`);
    return role;
  }

  private pipeline(delivery: Delivery): CodePipeline {
    const { repository, branch, pipeline: place } = delivery;
    const source = fileSet(
      CodePipelineSource.connection(repository, branch, { connectionArn: place.connectionArn }),
    );
    const pipeline = new CodePipeline(this, 'Pipeline', {
      pipelineName: PIPELINE_NAME,
      artifactBucket: this.bucket as s3.IBucket,
      cliVersion: devDependencies['aws-cdk'],
      // Not pinned: what reads an assembly must not be older than what wrote it, and nothing in the lock tells its version
      // (4.7.3 refuses the assemblies of aws-cdk-lib 2.276.0).
      cdkAssetsCliVersion: '4',
      publishAssetsInParallel: false,
      codeBuildDefaults: {
        buildEnvironment: BUILD_ENVIRONMENT,
        partialBuildSpec: codebuild.BuildSpec.fromObject({
          version: '0.2',
          phases: { install: { 'runtime-versions': RUNTIMES } },
        }),
        logging: this.logging,
      },
      synthCodeBuildDefaults: { buildEnvironment: TEST_ENVIRONMENT, timeout: Duration.minutes(90) },
      synth: fileSet(new CodeBuildStep('Build', { input: source, commands: [...BUILD] })),
    });
    for (const stage of delivery.stages) this.addStage(pipeline, source, stage);
    pipeline.buildPipeline();
    this.allowConnection(pipeline, place.connectionArn);
    return pipeline;
  }

  /** The CDK grants the action under the service's former name, which is none of a connection made since 2024. */
  private allowConnection(pipeline: CodePipeline, connectionArn: string): void {
    const [role] = pipeline.pipeline.node
      .findAll()
      .filter((construct) => construct.node.path.includes('/Source/') && construct instanceof iam.Role);
    (role as iam.Role).addToPolicy(
      new iam.PolicyStatement({ actions: ['codeconnections:UseConnection'], resources: [connectionArn] }),
    );
  }

  private addStage(pipeline: CodePipeline, source: IFileSetProducer, stage: DeliveredStage): void {
    const { config, healthyDevices } = stage;
    const environment = new DeliveredEnvironment(this.node.root, config, [
      roleArn({ account: this.account }, INSPECTOR_ROLE),
    ]);
    const verify = new CodeBuildStep(`Verify-${config.environmentName}`, {
      input: source,
      installCommands: [INSTALL],
      commands: [verifyCommand(config, healthyDevices)],
      role: this.inspector,
    });
    pipeline.addStage(environment, { pre: this.beforeDeployment(pipeline, source, stage), post: [verify] });
  }

  /** The page of what changes, which refuses a loss that nobody has accepted; and who approves by it. */
  private beforeDeployment(
    pipeline: CodePipeline,
    source: IFileSetProducer,
    { config, approval }: DeliveredStage,
  ): Step[] {
    const name = config.environmentName;
    const key = `${REVIEW_PREFIX}${name}/${GlobalVariables.executionId}.md`;
    const review = new CodeBuildStep(`Review-${name}`, {
      input: source,
      additionalInputs: { 'cdk.out': pipeline.synth },
      env: { REVIEW_BUCKET: this.bucket.bucketName, REVIEW_KEY: key },
      installCommands: [INSTALL],
      commands: [reviewCommand(config, '"s3://$REVIEW_BUCKET/$REVIEW_KEY"')],
      role: this.inspector,
    });
    if (approval === 'none') return [review];
    const approve = new ManualApprovalStep(`Approve-${name}`, {
      comment: `Deploys to ${name} what the page says.`,
      reviewUrl: `https://${this.region}.console.aws.amazon.com/s3/object/${this.bucket.bucketName}?region=${this.region}&prefix=${key}`,
    });
    approve.addStepDependency(review);
    return [review, approve];
  }

  private tellOf(pipeline: CodePipeline): void {
    new NotificationRule(this, 'Notifications', {
      source: pipeline.pipeline,
      events: [
        'codepipeline-pipeline-pipeline-execution-failed',
        'codepipeline-pipeline-manual-approval-needed',
      ],
      targets: [this.topic],
    });
  }
}

/** aws-cdk-lib is compiled without exactOptionalPropertyTypes: its own steps miss its interface by an `| undefined`. */
const fileSet = (step: Step): IFileSetProducer => step as IFileSetProducer;
