import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as destinations from 'aws-cdk-lib/aws-lambda-destinations';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE, SHARED_VARIABLES } from '../../lambda/shared/names';
import type { AppConfig } from './app-config';
import { DeadLetterQueue } from './queues';
import { removalPolicy } from './removal';

const BUNDLES = join(__dirname, '..', '..', 'dist', 'lambda');
const DEFAULT_TIMEOUT = Duration.seconds(30);
const DEFAULT_MEMORY_MEGABYTES = 512;

export interface HandlerFunctionProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
  /** Folder of the handler under `lambda/`, such as `dataset/accept-manifest`. */
  readonly handler: string;
  readonly description: string;
  /** Files that another build puts beside the bundle, and that the function cannot do without. @default - none */
  readonly beside?: readonly string[];
  /** Added to the application's own variables; wins over them. @default - none */
  readonly environment?: Readonly<Record<string, string>>;
  /** @default Duration.seconds(30) */
  readonly timeout?: Duration;
  /** In MiB. @default 512 */
  readonly memorySize?: number;
  /**
   * Whether the function is invoked by events, with nobody waiting for its answer. Events that fail three
   * times then go to a dead-letter queue. @default false
   */
  readonly asynchronous?: boolean;
  /** @default - as the configuration says */
  readonly architecture?: AppConfig['lambda']['architecture'];
  /** @default - as many as the account allows */
  readonly reservedConcurrentExecutions?: number;
}

/** Service field of a function's logs and traces. */
const serviceName = (handler: string): string => handler.replace('/', '-');

/** Folder of the handler's bundle. @throws Error when it has not been built */
function bundleOf(handler: string, beside: readonly string[] = []): string {
  const folder = join(BUNDLES, handler);
  const missing = ['index.js', ...beside].find((file) => !existsSync(join(folder, file)));
  if (missing !== undefined) {
    throw new Error(
      `the bundle of lambda/${handler}/handler.ts is missing (dist/lambda/${handler}/${missing}): run \`npm run build\``,
    );
  }
  return folder;
}

/**
 * A Lambda function as this application writes them all: one runtime, bundled ahead of synthesis, traced, with
 * a role and an encrypted log group of its own.
 */
export class HandlerFunction extends Construct {
  readonly function: lambda.Function;
  /** Where failed events wait; present when the function is asynchronous. */
  readonly deadLetterQueue?: sqs.Queue;

  constructor(scope: Construct, id: string, props: HandlerFunctionProps) {
    super(scope, id);
    const code = lambda.Code.fromAsset(bundleOf(props.handler, props.beside));
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.config.lambda.logRetentionDays as logs.RetentionDays,
      encryptionKey: props.encryptionKey,
      removalPolicy: removalPolicy(props.config),
    });
    // Its own role rather than the managed basic one, which may write to every log group of the account.
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    if (props.asynchronous) {
      this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters', props);
    }
    this.function = new lambda.Function(this, 'Function', {
      description: props.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture:
        (props.architecture ?? props.config.lambda.architecture) === 'arm64'
          ? lambda.Architecture.ARM_64
          : lambda.Architecture.X86_64,
      code,
      handler: 'index.handler',
      timeout: props.timeout ?? DEFAULT_TIMEOUT,
      memorySize: props.memorySize ?? DEFAULT_MEMORY_MEGABYTES,
      ...(props.reservedConcurrentExecutions !== undefined && {
        reservedConcurrentExecutions: props.reservedConcurrentExecutions,
      }),
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      tracing: lambda.Tracing.ACTIVE,
      ...(this.deadLetterQueue && { onFailure: new destinations.SqsDestination(this.deadLetterQueue) }),
      environment: {
        [SHARED_VARIABLES.environment]: props.config.environmentName,
        [SHARED_VARIABLES.useCase]: props.config.useCase,
        POWERTOOLS_SERVICE_NAME: serviceName(props.handler),
        POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACE,
        ...props.environment,
      },
    });
  }

  /** @throws Error when the function is not asynchronous */
  requireDeadLetterQueue(): sqs.Queue {
    if (this.deadLetterQueue === undefined) {
      throw new Error(`${this.node.path} has no dead-letter queue: set asynchronous`);
    }
    return this.deadLetterQueue;
  }
}
