/**
 * The Greengrass IPC operations that this device serves: for each its request schema and its handler.
 * Shapes: `aws-iot-device-sdk-v2` greengrasscoreipc/model.d.ts. Behaviour: nucleus `builtin/services/*IPCEventStreamAgent.java`.
 */
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import type { ConfigurationStore } from '../configuration/configuration-store';
import { isObject, type Json } from '../configuration/configuration-tree';
import { type AuthorizedService, isAuthorized } from './access-control';
import type { ComponentUpdates } from './component-updates';
import type { ConfigurationValidation } from './configuration-validation';
import { IpcError } from './errors';
import type { LocalTopics } from './local-topics';

/** AWS IoT Core refuses larger payloads (AWS IoT quotas, "Publish payload size"); so does the classic nucleus. */
export const LARGEST_IOT_PAYLOAD_BYTES = 128 * 1024;

/** AWS IoT Core as operations need it. Both methods reject at once while the device is offline. */
export interface IotCore {
  /** Resolves after the PUBACK for QoS 1. */
  publish(topic: string, payload: Buffer, qos: 0 | 1, retain: boolean): Promise<void>;
  /** @returns ends the subscription */
  subscribe(
    filter: string,
    qos: 0 | 1,
    listener: (topic: string, payload: Buffer) => void,
  ): Promise<() => void>;
}

export interface IpcServices {
  readonly thingName: string;
  readonly configuration: ConfigurationStore;
  readonly updates: ComponentUpdates;
  readonly validation: ConfigurationValidation;
  readonly localTopics: LocalTopics;
  readonly iotCore: IotCore;
  /** Takes what a component says about its own state. */
  reportState(component: string, state: 'RUNNING' | 'ERRORED'): void;
}

/** One stream of one component: a request and, for subscriptions, the events that follow the response. */
export interface OperationStream {
  readonly component: string;
  /** Sends an event of the shape `aws.greengrass#<shape>`; events wait for the response. */
  send(shape: string, body: object): void;
  /** Keeps the stream open after the response; `unsubscribe` runs when the client ends it. */
  keepOpen(unsubscribe: () => void): void;
}

// biome-ignore lint/suspicious/noExplicitAny: every request is validated by the schema beside its handler
type Request = any;
export interface Operation {
  readonly validate: ValidateFunction;
  /** Whether the IPC model lets this operation answer InvalidArgumentsError; where not, clients expect ServiceError. */
  readonly modelsInvalidArguments: boolean;
  handle(services: IpcServices, stream: OperationStream, request: Request): Promise<object> | object;
}

const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false });
const text = { type: 'string' };
const topic = { type: 'string', minLength: 1, maxLength: 256 };
const keyPath = { type: 'array', items: text };
const qos = { enum: ['0', '1'] };
const message = { type: 'object', properties: { message: {} } };

function schema(properties: object, required: readonly string[] = []): ValidateFunction {
  return ajv.compile({ type: 'object', properties, required });
}

function authorize(
  services: IpcServices,
  stream: OperationStream,
  service: AuthorizedService,
  operation: string,
  resource: string,
): void {
  const accessControl = services.configuration.get(stream.component, ['accessControl']);
  if (!isAuthorized(accessControl, service, `aws.greengrass#${operation}`, resource, services.thingName)) {
    throw new IpcError(
      'UnauthorizedError',
      `Principal ${stream.component} is not authorized to perform ${service}:aws.greengrass#${operation} on resource ${resource}`,
    );
  }
}

const MQTT_PROXY = 'aws.greengrass.ipc.mqttproxy';
const PUBSUB = 'aws.greengrass.ipc.pubsub';

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  GetConfiguration: {
    validate: schema({ componentName: text, keyPath }),
    modelsInvalidArguments: false,
    handle(services, stream, request) {
      const componentName = request.componentName ?? stream.component;
      const path: string[] = request.keyPath ?? [];
      const value = services.configuration.get(componentName, path);
      if (value === undefined) throw new IpcError('ResourceNotFoundError', 'Key not found');
      const last = path.at(-1);
      return { componentName, value: isObject(value) || last === undefined ? value : { [last]: value } };
    },
  },

  UpdateConfiguration: {
    validate: schema({ keyPath, timestamp: { type: 'number' }, valueToMerge: {} }, [
      'timestamp',
      'valueToMerge',
    ]),
    modelsInvalidArguments: true,
    handle(services, stream, request) {
      const path: string[] = request.keyPath ?? [];
      if (
        path[0] === 'accessControl' ||
        (path.length === 0 &&
          isObject(request.valueToMerge) &&
          Object.hasOwn(request.valueToMerge, 'accessControl'))
      )
        throw new IpcError(
          'InvalidArgumentsError',
          'Config update is not allowed for the field accessControl',
        );
      if (path.length === 0 && !isObject(request.valueToMerge))
        throw new IpcError('InvalidArgumentsError', 'valueToMerge must be an object when keyPath is empty');
      services.configuration.update(stream.component, path, request.valueToMerge as Json);
      return {};
    },
  },

  SubscribeToConfigurationUpdate: {
    validate: schema({ componentName: text, keyPath }),
    modelsInvalidArguments: false,
    handle(services, stream, request) {
      const componentName = request.componentName ?? stream.component;
      const path: string[] = request.keyPath ?? [];
      if (services.configuration.get(componentName, path) === undefined)
        throw new IpcError('ResourceNotFoundError', 'Key not found');
      stream.keepOpen(
        services.configuration.subscribe(componentName, path, (configurationUpdateEvent) =>
          stream.send('ConfigurationUpdateEvents', { configurationUpdateEvent }),
        ),
      );
      return {};
    },
  },

  SubscribeToValidateConfigurationUpdates: {
    validate: schema({}),
    modelsInvalidArguments: false,
    handle(services, stream) {
      stream.keepOpen(
        services.validation.subscribe(stream.component, (validateConfigurationUpdateEvent) =>
          stream.send('ValidateConfigurationUpdateEvents', { validateConfigurationUpdateEvent }),
        ),
      );
      return {};
    },
  },

  SendConfigurationValidityReport: {
    validate: schema(
      {
        configurationValidityReport: {
          type: 'object',
          properties: { status: { enum: ['ACCEPTED', 'REJECTED'] }, deploymentId: text, message: text },
          required: ['status', 'deploymentId'],
        },
      },
      ['configurationValidityReport'],
    ),
    modelsInvalidArguments: true,
    handle(services, stream, request) {
      const report = request.configurationValidityReport;
      services.validation.report(stream.component, report.deploymentId, report);
      return {};
    },
  },

  UpdateState: {
    validate: schema({ state: { enum: ['RUNNING', 'ERRORED'] } }, ['state']),
    modelsInvalidArguments: false,
    handle(services, stream, request) {
      services.reportState(stream.component, request.state);
      return {};
    },
  },

  SubscribeToComponentUpdates: {
    validate: schema({}),
    modelsInvalidArguments: false,
    handle(services, stream) {
      stream.keepOpen(
        services.updates.subscribe(stream.component, (event) =>
          stream.send('ComponentUpdatePolicyEvents', event),
        ),
      );
      return {};
    },
  },

  DeferComponentUpdate: {
    validate: schema({ deploymentId: text, message: text, recheckAfterMs: { type: 'number', minimum: 0 } }, [
      'deploymentId',
    ]),
    modelsInvalidArguments: true,
    handle(services, stream, request) {
      services.updates.defer(stream.component, request.deploymentId, request.recheckAfterMs);
      return {};
    },
  },

  PublishToIoTCore: {
    validate: schema({ topicName: topic, qos, payload: text, retain: { type: 'boolean' } }, [
      'topicName',
      'qos',
    ]),
    modelsInvalidArguments: false,
    async handle(services, stream, request) {
      authorize(services, stream, MQTT_PROXY, 'PublishToIoTCore', request.topicName);
      const payload = Buffer.from(request.payload ?? '', 'base64');
      if (payload.length > LARGEST_IOT_PAYLOAD_BYTES)
        throw new IpcError(
          'ServiceError',
          `the payload has ${payload.length} bytes; AWS IoT Core takes at most ${LARGEST_IOT_PAYLOAD_BYTES}`,
        );
      await services.iotCore.publish(
        request.topicName,
        payload,
        request.qos === '1' ? 1 : 0,
        request.retain === true,
      );
      return {};
    },
  },

  SubscribeToIoTCore: {
    validate: schema({ topicName: topic, qos }, ['topicName', 'qos']),
    modelsInvalidArguments: false,
    async handle(services, stream, request) {
      authorize(services, stream, MQTT_PROXY, 'SubscribeToIoTCore', request.topicName);
      stream.keepOpen(
        await services.iotCore.subscribe(
          request.topicName,
          request.qos === '1' ? 1 : 0,
          (topicName, payload) =>
            stream.send('IoTCoreMessage', { message: { topicName, payload: payload.toString('base64') } }),
        ),
      );
      return {};
    },
  },

  PublishToTopic: {
    validate: schema(
      {
        topic,
        publishMessage: {
          type: 'object',
          properties: {
            jsonMessage: message,
            binaryMessage: { type: 'object', properties: { message: text } },
          },
          oneOf: [{ required: ['jsonMessage'] }, { required: ['binaryMessage'] }],
        },
      },
      ['topic', 'publishMessage'],
    ),
    modelsInvalidArguments: false,
    handle(services, stream, request) {
      if (/[+#]/.test(request.topic))
        throw new IpcError('ServiceError', 'a topic to publish on has no wildcards');
      authorize(services, stream, PUBSUB, 'PublishToTopic', request.topic);
      services.localTopics.publish(stream.component, request.topic, request.publishMessage);
      return {};
    },
  },

  SubscribeToTopic: {
    validate: schema(
      { topic, receiveMode: { enum: ['RECEIVE_ALL_MESSAGES', 'RECEIVE_MESSAGES_FROM_OTHERS'] } },
      ['topic'],
    ),
    modelsInvalidArguments: true,
    handle(services, stream, request) {
      authorize(services, stream, PUBSUB, 'SubscribeToTopic', request.topic);
      const fromOthersOnly = request.receiveMode === 'RECEIVE_MESSAGES_FROM_OTHERS';
      stream.keepOpen(
        services.localTopics.subscribe(stream.component, request.topic, fromOthersOnly, (name, published) => {
          const context = { topic: name };
          const { jsonMessage, binaryMessage } = published;
          stream.send(
            'SubscriptionResponseMessage',
            jsonMessage
              ? { jsonMessage: { ...jsonMessage, context } }
              : { binaryMessage: { ...binaryMessage, context } },
          );
        }),
      );
      return { topicName: request.topic };
    },
  },
};
