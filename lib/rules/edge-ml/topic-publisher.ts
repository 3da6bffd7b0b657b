import { type Application, listOf, type Resource, type Statement } from './application';

/** What a service asks of the key of an encrypted topic. */
const OF_KEY = ['kms:Decrypt', 'kms:GenerateDataKey'];

const covers = (pattern: string, action: string): boolean =>
  new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(action);

function allows(statements: readonly Statement[], service: string, action: string): boolean {
  return statements.some(
    ({ effect, services, actions }) =>
      effect === 'Allow' &&
      services.some((each) => each === '*' || each === service) &&
      actions.some((pattern) => covers(pattern, action)),
  );
}

function policyOf(application: Application, topic: Resource): Statement[] | undefined {
  const policies = application.resources('AWS::SNS::TopicPolicy').filter(({ stack, properties }) =>
    listOf(properties.Topics).some((each) => {
      const target = application.target(stack, each);
      return target?.stack === topic.stack && target.logicalId === topic.logicalId;
    }),
  );
  if (policies.length === 0) return undefined;
  return policies.flatMap(({ stack, properties }) =>
    application.statements(stack, properties.PolicyDocument),
  );
}

function lockedOut(application: Application, topic: Resource, service: string): string[] {
  const { KmsMasterKeyId: reference } = topic.properties;
  if (reference === undefined) return [];
  const key = application.target(topic.stack, reference);
  // AWS's own key of SNS has a policy that nobody can change, and other services are not in it.
  if (key === undefined)
    return /alias\/aws\/sns/.test(application.text(topic.stack, reference)) ? OF_KEY : [];
  const statements = application.statements(key.stack, key.properties.KeyPolicy);
  return OF_KEY.filter((action) => !allows(statements, service, action));
}

/**
 * Actions that keep a service from publishing to the topic to which a reference leads; none for a topic of elsewhere.
 * @param withoutPolicy whether the service may publish to a topic that has no policy of its own
 */
export function mutedBy(
  application: Application,
  stack: string,
  reference: unknown,
  { service, withoutPolicy }: { readonly service: string; readonly withoutPolicy: boolean },
): string[] {
  const topic = application.target(stack, reference);
  if (topic?.type !== 'AWS::SNS::Topic') return [];
  const policy = policyOf(application, topic);
  const mayPublish = policy === undefined ? withoutPolicy : allows(policy, service, 'sns:Publish');
  return [...(mayPublish ? [] : ['sns:Publish']), ...lockedOut(application, topic, service)];
}
