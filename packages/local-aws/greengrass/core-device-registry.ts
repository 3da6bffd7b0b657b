/** Core devices and their components, as they report themselves on the health topic. */
import Ajv2020 from 'ajv/dist/2020';
import { coreDeviceArn, type Scope } from './arn';
import type { ComponentStatus, FleetStatus } from './deployment-document';
import { resourceNotFound } from './errors';
import type { ServiceEvent } from './ports';

export interface InstalledComponent {
  readonly reported: ComponentStatus;
  readonly stateChangedAt: Date;
  readonly reportedAt: Date;
}

export interface CoreDevice {
  readonly thingName: string;
  readonly last: FleetStatus;
  readonly components: ReadonlyMap<string, InstalledComponent>;
}

const FLEET_STATUS_SCHEMA = {
  type: 'object',
  required: [
    'ggcVersion',
    'platform',
    'architecture',
    'thing',
    'overallDeviceStatus',
    'sequenceNumber',
    'timestamp',
    'messageType',
    'trigger',
    'components',
  ],
  properties: {
    ggcVersion: { type: 'string' },
    runtime: { type: 'string' },
    platform: { type: 'string' },
    architecture: { type: 'string' },
    thing: { type: 'string' },
    overallDeviceStatus: { enum: ['HEALTHY', 'UNHEALTHY'] },
    sequenceNumber: { type: 'integer' },
    timestamp: { type: 'integer' },
    messageType: { enum: ['COMPLETE', 'PARTIAL'] },
    trigger: { type: 'string' },
    components: {
      type: 'array',
      items: {
        type: 'object',
        required: ['componentName', 'version', 'status', 'isRoot'],
        properties: {
          componentName: { type: 'string' },
          version: { type: ['string', 'null'] },
          status: {
            enum: ['NEW', 'INSTALLED', 'STARTING', 'RUNNING', 'STOPPING', 'ERRORED', 'BROKEN', 'FINISHED'],
          },
          isRoot: { type: 'boolean' },
          componentStatusDetails: { type: ['object', 'null'] },
          fleetConfigArns: { type: ['array', 'null'], items: { type: 'string' } },
        },
      },
    },
  },
};

const fitsSchema = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile<FleetStatus>(
  FLEET_STATUS_SCHEMA,
);

/** @throws Error with every field that is wrong, or when the message speaks for another thing */
export function parseFleetStatus(thingName: string, text: string): FleetStatus {
  const value: unknown = JSON.parse(text);
  if (!fitsSchema(value)) {
    const problems = (fitsSchema.errors ?? []).map(
      (error) => `${error.instancePath.slice(1).replaceAll('/', '.') || 'message'}: ${error.message}`,
    );
    throw new Error(problems.join('; '));
  }
  if (value.thing !== thingName) throw new Error(`thing: is ${value.thing}, the topic says ${thingName}`);
  return value;
}

/** Told by the time: the nucleus's count goes back after a roll-back. A clock may be set back, but not without a start. */
function isLate(message: FleetStatus, last: FleetStatus | undefined): boolean {
  if (!last || message.trigger === 'NUCLEUS_LAUNCH') return false;
  return message.timestamp < last.timestamp;
}

function nextComponents(
  message: FleetStatus,
  before: CoreDevice | undefined,
): Map<string, InstalledComponent> {
  const reportedAt = new Date(message.timestamp);
  const next = new Map(message.messageType === 'PARTIAL' ? before?.components : undefined);
  for (const reported of message.components) {
    const previous = before?.components.get(reported.componentName);
    const changed =
      previous?.reported.status !== reported.status || previous.reported.version !== reported.version;
    const stateChangedAt = changed ? reportedAt : previous.stateChangedAt;
    next.set(reported.componentName, { reported, stateChangedAt, reportedAt });
  }
  return next;
}

/** The device after a message; undefined when the message is late and changes nothing. */
export function afterFleetStatus(
  before: CoreDevice | undefined,
  message: FleetStatus,
): CoreDevice | undefined {
  if (isLate(message, before?.last)) return undefined;
  return { thingName: message.thing, last: message, components: nextComponents(message, before) };
}

const ENDS_A_DEPLOYMENT: ReadonlySet<string> = new Set(['THING_DEPLOYMENT', 'THING_GROUP_DEPLOYMENT']);

/**
 * Announced when a component becomes ERRORED or BROKEN, and all components when a deployment has ended.
 * docs.aws.amazon.com/greengrass/v2/developerguide/deployment-health-notifications.html
 */
export function installedComponentEvent(
  scope: Scope,
  before: CoreDevice | undefined,
  after: CoreDevice,
): ServiceEvent | undefined {
  const all = [...after.components.values()].map(({ reported }) => reported);
  const worse = all.filter(({ componentName, status }) => {
    const bad = status === 'ERRORED' || status === 'BROKEN';
    return bad && before?.components.get(componentName)?.reported.status !== status;
  });
  const announced = ENDS_A_DEPLOYMENT.has(after.last.trigger) ? all : worse;
  if (announced.length === 0) return undefined;
  return {
    detailType: 'Greengrass V2 Installed Component Status Change',
    resources: [coreDeviceArn(scope, after.thingName)],
    detail: {
      components: announced.map((component) => ({
        componentName: component.componentName,
        componentVersion: component.version ?? '',
        root: component.isRoot,
        lifecycleState: component.status,
        lifecycleStatusCodes: component.componentStatusDetails?.statusCodes ?? [],
        lifecycleStateDetails: component.componentStatusDetails?.statusReason ?? '',
      })),
    },
  };
}

export class CoreDeviceRegistry {
  private readonly devices = new Map<string, CoreDevice>();

  constructor(private readonly scope: Scope) {}

  /** Takes a report in; returns the event to announce, if any. */
  report(message: FleetStatus): ServiceEvent | undefined {
    const before = this.devices.get(message.thing);
    const after = afterFleetStatus(before, message);
    if (!after) return undefined;
    this.devices.set(message.thing, after);
    return installedComponentEvent(this.scope, before, after);
  }

  has(thingName: string): boolean {
    return this.devices.has(thingName);
  }

  /** @throws ServiceError ResourceNotFoundException when it has never reported */
  get(thingName: string): CoreDevice {
    const device = this.devices.get(thingName);
    if (!device) throw resourceNotFound('CORE_DEVICE', thingName);
    return device;
  }

  list(): CoreDevice[] {
    return [...this.devices.values()];
  }

  /** @throws ServiceError ResourceNotFoundException */
  remove(thingName: string): void {
    this.get(thingName);
    this.devices.delete(thingName);
  }
}
