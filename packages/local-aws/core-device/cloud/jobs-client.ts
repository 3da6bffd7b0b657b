/**
 * AWS IoT Jobs over MQTT, as far as deployments need it (`deployment/IotJobsHelper.java`).
 * Topics: docs.aws.amazon.com/iot/latest/developerguide/jobs-mqtt-api.html
 */
import { randomUUID } from 'node:crypto';
import type { JobStatusDetails } from '../../greengrass/deployment-document';
import type { MqttConnection } from './mqtt-connection';

const ANSWER_TIMEOUT_MILLISECONDS = 15_000;

export interface JobExecution {
  readonly jobId: string;
  readonly status: string;
  readonly jobDocument: unknown;
}
export type FinalJobStatus = 'SUCCEEDED' | 'FAILED' | 'REJECTED';

/** IoT Jobs refused a request. `code` e.g. ResourceNotFound, InvalidStateTransition, TerminalStateReached. */
export class JobsError extends Error {
  override readonly name = 'JobsError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`IoT Jobs: ${code}: ${message}`);
  }
}

interface Answer {
  readonly clientToken?: string;
  readonly code?: string;
  readonly message?: string;
  readonly execution?: JobExecution;
}

export class JobsClient {
  private readonly base: string;
  private readonly waiting = new Map<string, (answer: Answer, accepted: boolean) => void>();

  /** @param onNextChanged told the id of the first pending job, undefined when none is left */
  constructor(
    private readonly connection: MqttConnection,
    thingName: string,
    onNextChanged: (jobId: string | undefined) => void,
  ) {
    this.base = `$aws/things/${thingName}/jobs`;
    connection.keepSubscribed(`${this.base}/notify-next`, 1, (_topic, payload) =>
      onNextChanged(this.parse(payload).execution?.jobId),
    );
    for (const verb of ['start-next', '+/update']) {
      for (const outcome of ['accepted', 'rejected']) {
        connection.keepSubscribed(`${this.base}/${verb}/${outcome}`, 1, (_topic, payload) => {
          const answer = this.parse(payload);
          this.waiting.get(answer.clientToken ?? '')?.(answer, outcome === 'accepted');
        });
      }
    }
  }

  /** Takes the first pending job, one that is IN_PROGRESS already before the others; undefined when there is none. */
  async startNext(): Promise<JobExecution | undefined> {
    const { execution } = await this.ask(`${this.base}/start-next`, {});
    return execution?.jobId === undefined ? undefined : execution;
  }

  /** @throws JobsError when the job is gone or finished otherwise */
  async finish(jobId: string, status: FinalJobStatus, statusDetails: JobStatusDetails): Promise<void> {
    await this.ask(`${this.base}/${jobId}/update`, { status, statusDetails });
  }

  private parse(payload: Buffer): Answer {
    try {
      return (JSON.parse(payload.toString('utf8')) as Answer | null) ?? {};
    } catch {
      return {};
    }
  }

  private async ask(topic: string, request: object): Promise<Answer> {
    const clientToken = randomUUID();
    let cleanUp = (): void => {};
    const answer = new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no answer on ${topic} within ${ANSWER_TIMEOUT_MILLISECONDS} ms`)),
        ANSWER_TIMEOUT_MILLISECONDS,
      );
      const lost = (reason: string): void => reject(new Error(`connection lost: ${reason}`));
      this.connection.once('disconnected', lost);
      this.waiting.set(clientToken, (value, accepted) => {
        if (accepted) resolve(value);
        else reject(new JobsError(value.code ?? 'Unknown', value.message ?? 'no reason given'));
      });
      cleanUp = () => {
        clearTimeout(timer);
        this.connection.off('disconnected', lost);
        this.waiting.delete(clientToken);
      };
    });
    answer.catch(() => {}); // publish() may fail first; the failure is then its
    try {
      await this.connection.publish(topic, JSON.stringify({ ...request, clientToken }), 1);
      return await answer;
    } finally {
      cleanUp();
    }
  }
}
