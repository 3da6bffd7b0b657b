import { listOf } from './application';
import type { Rule } from './rule';
import { mutedBy } from './topic-publisher';

/** A topic that is born without a policy lets its account publish, CloudWatch on behalf of it too. */
const CLOUDWATCH = { service: 'cloudwatch.amazonaws.com', withoutPolicy: true };

/** An alarm that may not publish goes off unheard: nothing fails, and only its history says so. */
export const alarmTopic: Rule = {
  id: 'CW1',
  description:
    "The alarm is mute: CloudWatch may not publish to its topic, or not use the topic's key. Allow cloudwatch.amazonaws.com sns:Publish in the topic policy, and kms:Decrypt and kms:GenerateDataKey* in the key policy.",
  source: 'https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html',
  check: (application) =>
    application.resources('AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm').flatMap((resource) => {
      const { AlarmActions, OKActions, InsufficientDataActions } = resource.properties;
      const missing = [AlarmActions, OKActions, InsufficientDataActions]
        .flatMap(listOf)
        .flatMap((action) => mutedBy(application, resource.stack, action, CLOUDWATCH));
      return [...new Set(missing)].map((found) => ({ resource, found }));
    }),
};
