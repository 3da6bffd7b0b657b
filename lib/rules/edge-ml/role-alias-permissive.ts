import type { Application, Resource } from './application';
import type { Rule } from './rule';

/** Services that watch over the account: nothing that a device has to do with. */
const AUDITING = /^(iam|cloudtrail|guardduty|inspector2?|trustedadvisor):/i;
const WHOLE_SERVICE = /^(\*|[\w-]+:\*)$/;
const OF_DEVICES = /^iot:(Connect|Publish|Subscribe|Receive|\w*Thing\w*|\w*Job\w*)$/;

function foundIn(application: Application, role: Resource): string[] {
  const granted = application.statementsOfRole(role).filter(({ effect }) => effect === 'Allow');
  const actions = granted.flatMap((statement) => statement.actions);
  return [
    ...actions
      .filter((action) => WHOLE_SERVICE.test(action))
      .map((action) => `ALLOWS_BROAD_ACCESS::${action}`),
    ...actions
      .filter((action) => AUDITING.test(action))
      .map((action) => `ALLOWS_ACCESS_TO_SECURITY_AUDITING_SERVICES::${action}`),
    ...granted
      .filter(({ resources }) => resources.includes('*'))
      .flatMap((statement) => statement.actions)
      .filter((action) => OF_DEVICES.test(action))
      .map((action) => `ALLOWS_BROAD_ACCESS_TO_IOT::${action}`),
    ...(role.properties.ManagedPolicyArns ? ['MANAGED_POLICIES_NOT_JUDGED'] : []),
  ];
}

/**
 * Device Defender's IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK, as far as templates show it: which services the alias has
 * used is known to AWS only, so every service counts.
 */
export const roleAliasPermissive: Rule = {
  id: 'IOT3',
  description:
    'The role alias gives devices more than a device needs: whole services, services that audit the account, or IoT actions on every thing. What managed policies of others allow cannot be judged; write the statements out.',
  source:
    'https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-iot-role-alias-permissive.html',
  check: (application) =>
    application.resources('AWS::IoT::RoleAlias').flatMap((resource) => {
      const role = application.target(resource.stack, resource.properties.RoleArn);
      return role ? foundIn(application, role).map((found) => ({ resource, found })) : [];
    }),
};
