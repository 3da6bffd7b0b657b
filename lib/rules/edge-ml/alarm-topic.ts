import { type Application, listOf, type Resource, type Statement } from './application';
import type { Rule } from './rule';

const CLOUDWATCH = 'cloudwatch.amazonaws.com';
/** What CloudWatch asks of the key of an encrypted topic. */
const OF_KEY = ['kms:Decrypt', 'kms:GenerateDataKey'];

const covers = (pattern: string, action: string): boolean =>
  new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(action);

function allows(statements: readonly Statement[], action: string): boolean {
  return statements.some(
    ({ effect, services, actions }) =>
      effect === 'Allow' &&
      services.some((service) => service === '*' || service === CLOUDWATCH) &&
      actions.some((pattern) => covers(pattern, action)),
  );
}

/** Without a policy of its own a topic lets its account publish, CloudWatch on behalf of it too; with one, only whom it names. */
function isClosed(application: Application, topic: Resource): boolean {
  const policies = application.resources('AWS::SNS::TopicPolicy').filter(({ stack, properties }) =>
    listOf(properties.Topics).some((each) => {
      const target = application.target(stack, each);
      return target?.stack === topic.stack && target.logicalId === topic.logicalId;
    }),
  );
  const statements = policies.flatMap(({ stack, properties }) =>
    application.statements(stack, properties.PolicyDocument),
  );
  return policies.length > 0 && !allows(statements, 'sns:Publish');
}

function lockedOut(application: Application, topic: Resource): string[] {
  const { KmsMasterKeyId: reference } = topic.properties;
  if (reference === undefined) return [];
  const key = application.target(topic.stack, reference);
  // AWS's own key of SNS has a policy that nobody can change, and CloudWatch is not in it.
  if (key === undefined)
    return /alias\/aws\/sns/.test(application.text(topic.stack, reference)) ? OF_KEY : [];
  const statements = application.statements(key.stack, key.properties.KeyPolicy);
  return OF_KEY.filter((action) => !allows(statements, action));
}

/** An alarm that may not publish goes off unheard: nothing fails, and only its history says so. */
export const alarmTopic: Rule = {
  id: 'CW1',
  description:
    "The alarm is mute: CloudWatch may not publish to its topic, or not use the topic's key. Allow cloudwatch.amazonaws.com sns:Publish in the topic policy, and kms:Decrypt and kms:GenerateDataKey* in the key policy.",
  source: 'https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html',
  check: (application) =>
    application.resources('AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm').flatMap((resource) => {
      const { AlarmActions, OKActions, InsufficientDataActions } = resource.properties;
      const topics = [AlarmActions, OKActions, InsufficientDataActions]
        .flatMap(listOf)
        .map((action) => application.target(resource.stack, action))
        .filter((target) => target?.type === 'AWS::SNS::Topic') as Resource[];
      const missing = topics.flatMap((topic) => [
        ...(isClosed(application, topic) ? ['sns:Publish'] : []),
        ...lockedOut(application, topic),
      ]);
      return [...new Set(missing)].map((found) => ({ resource, found }));
    }),
};
