import type { Statement } from './application';
import type { Rule } from './rule';

const about = (statements: readonly Statement[], effect: Statement['effect'], action: string): string[] =>
  statements
    .filter((statement) => statement.effect === effect && statement.actions.includes(action))
    .flatMap(({ resources }) => resources);

const afterKind = (resource: string): string => resource.replace(/^.*?:(topicfilter|topic)\//, '');
/** Everything before the first wildcard. */
const stem = (pattern: string): string => pattern.split('*')[0] ?? '';

/**
 * Filters whose subscription is denied, though a wider one is allowed: a device subscribes to the wider one, with an
 * MQTT wildcard, and gets the messages all the same, unless receiving them is denied too.
 */
function evaded(statements: readonly Statement[]): string[] {
  const allowed = about(statements, 'Allow', 'iot:Subscribe').map(afterKind);
  const unreceived = about(statements, 'Deny', 'iot:Receive').map(afterKind);
  return about(statements, 'Deny', 'iot:Subscribe').filter((resource) => {
    const denied = afterKind(resource);
    const isInside = allowed.some(
      (pattern) => pattern.includes('*') && stem(denied).startsWith(stem(pattern)),
    );
    return isInside && !unreceived.includes(denied);
  });
}

/** Device Defender's IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK. */
export const iotPolicyMisconfigured: Rule = {
  id: 'IOT2',
  description:
    'The IoT policy denies less than it seems to: + and # mean nothing in policies, and a denied subscription is evaded by a wider one unless iot:Receive is denied on the same topics.',
  source: 'https://docs.aws.amazon.com/iot/latest/developerguide/audit-chk-iot-misconfigured-policies.html',
  check: (application) =>
    application.resources('AWS::IoT::Policy').flatMap((resource) => {
      const statements = application.statements(resource.stack, resource.properties.PolicyDocument);
      const denied = statements
        .filter(({ effect }) => effect === 'Deny')
        .flatMap(({ resources }) => resources);
      return [
        ...denied
          .filter((each) => /(^|\/)(\+|#)(\/|$)/.test(afterKind(each)))
          .map((each) => ({ resource, found: `MQTT wildcard::${each}` })),
        ...evaded(statements).map((each) => ({ resource, found: `Evaded::${each}` })),
      ];
    }),
};
