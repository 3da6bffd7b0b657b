import type { Rule } from './rule';

/** What a device does with messages, shadows and jobs. */
const DATA_PLANE =
  /^iot:(Connect|Publish|Subscribe|Receive|RetainPublish|(Get|Update|Delete)ThingShadow|ListNamedShadowsForThing|(Describe|Update)JobExecution|GetPendingJobExecutions|StartNextPendingJobExecution)$/;
/** Policy variables that stand for the one device that asks. */
const OWN = /\$\{iot:(Connection\.Thing\.ThingName|ClientId|Certificate\.Subject\.CommonName)\}/;

/** A wildcard before, or without, the device's own name reaches what is of other devices. */
const isBroad = (resource: string): boolean => {
  const [before = ''] = resource.split(OWN);
  return before.includes('*');
};

/** Device Defender's IOT_POLICY_OVERLY_PERMISSIVE_CHECK, before there is a policy to audit. */
export const iotPolicyPermissive: Rule = {
  id: 'IOT1',
  description:
    'The IoT policy reaches what is of other devices: name actions one by one, and put a policy variable of the device, such as iot:Connection.Thing.ThingName, before any wildcard of a resource.',
  source:
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-iot-policy-permissive.html',
  check: (application) =>
    application.resources('AWS::IoT::Policy').flatMap((resource) =>
      application
        .statements(resource.stack, resource.properties.PolicyDocument)
        .filter(({ effect }) => effect === 'Allow')
        .flatMap(({ actions, resources }) => [
          ...actions.filter((action) => action.includes('*')).map((action) => `Action::${action}`),
          ...(actions.some((action) => DATA_PLANE.test(action))
            ? resources.filter(isBroad).map((each) => `Resource::${each}`)
            : []),
        ])
        .map((found) => ({ resource, found })),
    ),
};
