import { InvalidInputError } from '../shared/errors';

/** A device's message as the topic rule sends it on: who published is in the topic, not in the payload. */
export interface DeviceMessage {
  /** The device's own JSON, unchecked, without the fields that the rule added. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly topicUseCase: string;
  readonly topicThingName: string;
  /** When AWS IoT received the message, epoch milliseconds. */
  readonly receivedAt: number;
  /** Of the whole body, about. */
  readonly bytes: number;
}

/** Year 2020 to year 2100: a receive time outside is not a time in milliseconds. */
const EARLIEST_RECEIVED_AT = Date.UTC(2020, 0, 1);
const LATEST_RECEIVED_AT = Date.UTC(2100, 0, 1);

function parseObject(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw new InvalidInputError(`the message is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInputError('the message must be a JSON object');
  }
  return value as Record<string, unknown>;
}

/**
 * Reads the body of one queue message.
 * @throws InvalidInputError when it is not JSON, lacks what the rule adds, or names in its payload another device
 *   or use case than its topic: only the topic is enforced by the device's certificate
 */
export function parseDeviceMessage(body: string): DeviceMessage {
  const { topicUseCase, topicThingName, receivedAt, ...payload } = parseObject(body);
  const problems: string[] = [];
  if (typeof topicUseCase !== 'string') problems.push('topicUseCase: must be the use case of the topic');
  if (typeof topicThingName !== 'string')
    problems.push('topicThingName: must be the thing name of the topic');
  if (
    typeof receivedAt !== 'number' ||
    !(receivedAt >= EARLIEST_RECEIVED_AT && receivedAt <= LATEST_RECEIVED_AT)
  ) {
    problems.push(`receivedAt: must be epoch milliseconds, got ${JSON.stringify(receivedAt)}`);
  }
  if (payload.deviceId !== topicThingName) {
    problems.push(
      `deviceId: must equal the thing name of the topic, '${topicThingName}', got ${JSON.stringify(payload.deviceId)}`,
    );
  }
  if (payload.useCase !== topicUseCase) {
    problems.push(
      `useCase: must equal the use case of the topic, '${topicUseCase}', got ${JSON.stringify(payload.useCase)}`,
    );
  }
  if (problems.length > 0) throw new InvalidInputError(`message refused:\n${problems.join('\n')}`);
  return {
    payload,
    topicUseCase: topicUseCase as string,
    topicThingName: topicThingName as string,
    receivedAt: receivedAt as number,
    bytes: body.length,
  };
}
