import { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AppConfig } from './app-config';

/** The longest that SQS keeps a message: time for a person to look. */
const DEAD_LETTER_RETENTION = Duration.days(14);
/** A long weekend without a working consumer loses nothing. */
const WORK_RETENTION = Duration.days(4);
/** Lambda's advice for queue sources: six times the function's timeout, so that retries fit, and the window. */
const VISIBILITY_PER_HANDLER_TIMEOUT = 6;
const DEFAULT_MAXIMUM_RECEIVES = 5;

export interface DeadLetterQueueProps {
  readonly config: AppConfig;
  readonly encryptionKey: kms.IKey;
}

/** Where messages and events wait that could not be handled. */
export class DeadLetterQueue extends sqs.Queue {
  constructor(scope: Construct, id: string, props: DeadLetterQueueProps) {
    super(scope, id, {
      encryption: sqs.QueueEncryption.KMS,
      encryptionMasterKey: props.encryptionKey,
      enforceSSL: props.config.transport === 'tls-only',
      retentionPeriod: DEAD_LETTER_RETENTION,
    });
  }
}

export interface WorkQueueProps extends DeadLetterQueueProps {
  /** Timeout of the function that takes from the queue. */
  readonly handlerTimeout: Duration;
  /** For how long the function's event source waits for a batch to fill. @default 0 */
  readonly batchingWindow?: Duration;
  /** @default 5 */
  readonly maximumReceives?: number;
}

/** A queue in front of a function, with its dead-letter queue. */
export class WorkQueue extends Construct {
  readonly queue: sqs.Queue;
  readonly deadLetterQueue: sqs.Queue;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetters', props);
    this.queue = new sqs.Queue(this, 'Queue', {
      encryption: sqs.QueueEncryption.KMS,
      encryptionMasterKey: props.encryptionKey,
      enforceSSL: props.config.transport === 'tls-only',
      retentionPeriod: WORK_RETENTION,
      visibilityTimeout: Duration.seconds(
        props.handlerTimeout.toSeconds() * VISIBILITY_PER_HANDLER_TIMEOUT +
          (props.batchingWindow?.toSeconds() ?? 0),
      ),
      deadLetterQueue: {
        queue: this.deadLetterQueue,
        maxReceiveCount: props.maximumReceives ?? DEFAULT_MAXIMUM_RECEIVES,
      },
    });
  }
}
