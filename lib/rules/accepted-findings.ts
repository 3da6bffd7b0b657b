import { ACCEPTED_PREFIX, IMAGE_PREFIX, MANIFEST_PREFIX } from '../../lambda/dataset/names';
import { inferenceComponentName } from '../../lambda/device/names';
import {
  BLOB_PREFIX,
  COMPONENT_PREFIX,
  ENVELOPE_PREFIX,
  modelComponentName,
  RELEASE_PREFIX,
} from '../../lambda/registry/names';
import type { NameScope } from '../../lambda/shared/names';
import {
  CAPTURE_PREFIX,
  QUESTION_PREFIX,
  REJECTED_RECORD_PREFIX,
  RESULT_PREFIX,
} from '../../lambda/telemetry/names';
import { EXECUTION_FOLDERS, PIPELINE_PREFIX } from '../../lambda/training/names';
import type { AppConfig } from '../shared/app-config';

/** A kind of finding that somebody has looked at and accepted. */
export interface AcceptedFinding {
  /** Whole id of the finding, with what it found in brackets. */
  readonly finding: RegExp;
  /** Path of the construct: `<environment>/<stack>/...`. */
  readonly construct: RegExp;
  /** @default - whatever the configuration's `transport` */
  readonly transport?: AppConfig['transport'];
  readonly reason: string;
}

const BUCKET = /\/(?:Bucket|Artifacts)\/Resource$/;
const FUNCTION = /\/Function\/Resource$/;
const TABLE = /\/(Data|Fleet)\/[\w/]+\/Resource$/;
/** Below each of these there is one kind of object. */
const PREFIXES = [
  IMAGE_PREFIX,
  MANIFEST_PREFIX,
  ACCEPTED_PREFIX,
  PIPELINE_PREFIX,
  RELEASE_PREFIX,
  BLOB_PREFIX,
  ENVELOPE_PREFIX,
  COMPONENT_PREFIX,
  RESULT_PREFIX,
  REJECTED_RECORD_PREFIX,
  `${CAPTURE_PREFIX}\\S+/`,
  `${QUESTION_PREFIX}\\S+/`,
];
/** Matches the name of a component in any environment. */
const inAnyEnvironment = (nameIn: (scope: NameScope) => string): string =>
  nameIn({ environmentName: '@', useCase: '' }).replaceAll('.', '\\.').replace('@', '[\\w-]+');
const ROLE_POLICY = /\/DefaultPolicy\/Resource$/;

/**
 * Findings of the packs that are as they should be. Whatever is not in this list fails synthesis;
 * test/infrastructure/findings.test.ts fails for an entry that nothing needs any more.
 */
export const ACCEPTED_FINDINGS: readonly AcceptedFinding[] = [
  {
    finding: /^AwsSolutions-IAM5\[Action::kms:(GenerateDataKey|ReEncrypt)\*\]$/,
    construct: ROLE_POLICY,
    reason: 'Grant of the CDK on one key: families whose members differ only in what they return.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Action::s3:(GetObject|GetBucket|List|Abort)\*\]$/,
    construct: ROLE_POLICY,
    reason: 'Grant of the CDK on named prefixes: families that read, or end an own upload.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    construct: ROLE_POLICY,
    reason:
      'X-Ray, log delivery and the like have no resources to name; test/infrastructure/least-privilege.test.ts lists each such action.',
  },
  {
    finding:
      /^AwsSolutions-IAM5\[Resource::arn:aws[\w-]*:iot:\S+:topic\/kaizen\/\*\/[\w-]+\/[\w-]+\/(confirmations|opinions)\]$/,
    construct: /\/(IngestResults|AnswerQuestion)\/Role\/DefaultPolicy\/Resource$/,
    reason:
      'One topic per device of one environment and use case, on which devices hear what is counted, or what they have asked.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::\S*Function\S*:\*\]$/,
    construct: ROLE_POLICY,
    reason: 'Every version of one named function.',
  },
  {
    finding: new RegExp(`^AwsSolutions-IAM5\\[Resource::\\S+Bucket\\S+/(${PREFIXES.join('|')})\\*\\]$`),
    construct: ROLE_POLICY,
    reason: 'Objects below one prefix of one bucket.',
  },
  {
    finding: new RegExp(
      `^AwsSolutions-IAM5\\[Resource::\\S+Bucket\\S+/${PIPELINE_PREFIX}\\*/(${Object.values(EXECUTION_FOLDERS).join('|')})/\\*\\]$`,
    ),
    construct: /^[\w-]+\/Training\/Pipeline\/Jobs\//,
    reason: 'One folder of every execution: SageMaker gives jobs of all executions the same role.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:aws[\w-]*:s3:::cdk-\S+-assets-\S+\/\*\]$/,
    construct: /^[\w-]+\/Fleet\/(Rollout|TokenExchange)\//,
    reason: 'Assets of the deployment: bundled code, the same that the devices get. No data, no secrets.',
  },
  {
    finding: new RegExp(
      `^AwsSolutions-IAM5\\[Resource::arn:aws[\\w-]*:greengrass:\\S+:(components:${inAnyEnvironment(modelComponentName)}\\w+:versions|coreDevices|deployments):\\*\\]$`,
    ),
    construct: /^[\w-]+\/Fleet\/Rollout\//,
    reason:
      'Versions, devices and deployments come into being at run time; their names are not known before.',
  },
  {
    finding: new RegExp(
      `^AwsSolutions-IAM5\\[Resource::arn:aws[\\w-]*:greengrass:\\S+:components:${inAnyEnvironment(inferenceComponentName)}:versions:\\*\\]$`,
    ),
    construct: /^[\w-]+\/Fleet\/Inference\/Publish\//,
    reason: 'Every version of one named component: the one of the next deployment is not known before.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:aws[\w-]*:states:\S+:execution:\S+:\*\]$/,
    construct: /^[\w-]+\/Fleet\/Rollout\//,
    reason: 'Every execution of one named state machine: which one holds the use case is known at run time.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:aws[\w-]*:iot:\S+:(job|thing|thinggroup)\/\*\]$/,
    construct: /^[\w-]+\/Fleet\/Rollout\//,
    reason:
      'Greengrass uses the rights of its caller: one IoT job per deployment under a name of its own, the shadows of devices that come into being at run time, and any group that a device is in.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:aws[\w-]*:sagemaker:\S+:model-package\/\S+\/\*\]$/,
    construct: ROLE_POLICY,
    reason: 'Every version of one model package group.',
  },
  {
    finding:
      /^AwsSolutions-IAM5\[Resource::arn:aws[\w-]*:(sagemaker:\S+:((training|processing)-job\/pipelines-|hyper-parameter-tuning-job\/\*Tune)|ec2:\S+:network-interface\/)\*\]$/,
    construct: /^[\w-]+\/Training\/Pipeline\//,
    reason:
      'Jobs that a pipeline starts: SageMaker names them after execution and step, and their network interfaces as they come.',
  },
  {
    finding: /^AwsSolutions-IAM5\[Resource::arn:aws[\w-]*:logs:\S+:log-group:\/aws\/sagemaker\/\w+Jobs\*\]$/,
    construct: /^[\w-]+\/Training\/Pipeline\//,
    reason: 'Log streams of jobs, in the two groups whose names SageMaker fixes.',
  },
  {
    finding: /^(AwsSolutions-S1|NIST\.800\.53\.R5-S3BucketLoggingEnabled)$/,
    construct: BUCKET,
    reason:
      'Who read which object is recorded by CloudTrail data events, which an account turns on for all its buckets at once.',
  },
  {
    finding: /^AwsSolutions-SQS3$/,
    construct: /\/DeadLetters\/Resource$/,
    reason: 'It is a dead-letter queue: of a function or a rule, which SQS cannot see.',
  },
  {
    finding: /^(AwsSolutions-(S10|SQS4|SNS3)|NIST\.800\.53\.R5-S3BucketSSLRequestsOnly)$/,
    construct: /\/(Bucket|Queue|DeadLetters|Topic)\/(Policy\/)?Resource$/,
    transport: 'any',
    reason: 'The local AWS speaks HTTP, on the loopback interface only.',
  },
  {
    finding: /^NIST\.800\.53\.R5-DynamoDBInBackupPlan$/,
    construct: TABLE,
    reason:
      'Tables can be restored to any second of the last 35 days. A backup plan is made for an account and its vaults, not by each application.',
  },
  {
    finding: /^NIST\.800\.53\.R5-S3BucketReplicationEnabled$/,
    construct: BUCKET,
    reason:
      'Another region doubles the cost of storage and is a decision about the whole plant; devices go on inspecting when the region is gone.',
  },
  {
    finding: /^NIST\.800\.53\.R5-S3BucketVersioningEnabled$/,
    construct: /\/Data\/Telemetry\/Bucket\/Resource$/,
    reason: 'Written once: a repeated batch or capture overwrites itself with the same bytes.',
  },
  {
    finding: /^NIST\.800\.53\.R5-IAMNoInlinePolicy$/,
    construct: ROLE_POLICY,
    reason: 'Each role has rights of its own, which nobody else can attach and which go with it.',
  },
  {
    finding: /^NIST\.800\.53\.R5-LambdaConcurrency$/,
    construct: FUNCTION,
    reason:
      'A reservation takes from what the account has for all its functions; queues, schedules and the rollout bound how many of these run.',
  },
  {
    finding: /^NIST\.800\.53\.R5-LambdaDLQ$/,
    construct: FUNCTION,
    reason:
      'What is invoked by events has a destination for failures, which test/infrastructure/security.test.ts checks; the others are called by queues with dead-letter queues, by Step Functions, or by CloudFormation.',
  },
  {
    finding: /^NIST\.800\.53\.R5-LambdaInsideVPC$/,
    construct: FUNCTION,
    reason:
      'The functions call AWS and nothing else, by TLS and with roles of their own; a VPC would add an endpoint for each service and keep nobody out.',
  },
  {
    finding: /^NIST\.800\.53\.R5-CloudWatchAlarmAction$/,
    construct: /^[\w-]+\/Operations\/Alarms\//,
    reason: 'Of low severity: looked at on the next working day, docs/runbook.md. High ones call somebody.',
  },
  {
    finding: /^EdgeMl-SM1\[/,
    construct: /^[\w-]+\/Training\/Pipeline\//,
    reason: "Jobs install a script's packages when they start; their role bounds what they reach in AWS.",
  },
  {
    finding: /^EdgeMl-SM2\[\w+ volume\]$/,
    construct: /^[\w-]+\/Training\/Pipeline\//,
    reason:
      'The volume goes with its job. Instance types with local storage refuse a key for it, so it cannot be asked of every instance type that a configuration may name.',
  },
];
