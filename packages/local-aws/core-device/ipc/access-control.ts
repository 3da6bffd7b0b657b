/**
 * Authorization of IPC operations from a component's `accessControl` configuration. The nucleus starts from "denied"
 * and one matching policy allows (`authorization/AuthorizationHandler.java`, `AuthorizationModule.java`).
 */
import { isObject, type Json } from '../configuration/configuration-tree';

/** `PublishToIoTCore` and its kind belong to a service under which the recipe lists its policies. */
export type AuthorizedService = 'aws.greengrass.ipc.mqttproxy' | 'aws.greengrass.ipc.pubsub';

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** `*` matches anything, `+` one topic level, `#` the rest; `${*}`, `${?}` and `${$}` are those characters themselves. */
export function resourceMatches(pattern: string, resource: string): boolean {
  const escaped = /\$\{([*?$])\}|(\/#$)|[*+#]|[^*+#$/]+|[$/]/g;
  const expression = pattern.replace(escaped, (token, literal?: string, rest?: string) => {
    if (literal !== undefined) return `\\${literal}`;
    if (rest !== undefined) return '(?:/.*)?';
    if (token === '*' || token === '#') return '.*';
    if (token === '+') return '[^/]+';
    return token.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${expression}$`, 's').test(resource);
}

/**
 * @param accessControl the component's `accessControl`, as deployed
 * @param operation name with namespace: `aws.greengrass#PublishToIoTCore`
 */
export function isAuthorized(
  accessControl: Json | undefined,
  service: AuthorizedService,
  operation: string,
  resource: string,
  thingName: string,
): boolean {
  const policies = isObject(accessControl) ? accessControl[service] : undefined;
  if (!isObject(policies)) return false;
  return Object.values(policies).some((policy) => {
    if (!isObject(policy)) return false;
    const operations = texts(policy.operations);
    const resources = texts(policy.resources).map((text) => text.replaceAll('{iot:thingName}', thingName));
    return (
      (operations.includes('*') || operations.includes(operation)) &&
      resources.some((pattern) => resourceMatches(pattern, resource))
    );
  });
}
