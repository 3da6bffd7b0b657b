import type { Rule } from './rule';

/** A message that a topic rule cannot hand on is gone, unless the rule says where to. */
export const topicRuleErrorAction: Rule = {
  id: 'IOT4',
  description: 'The topic rule loses what its action does not take: give it an ErrorAction.',
  source: 'https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html',
  check: (application) =>
    application
      .resources('AWS::IoT::TopicRule')
      .filter(({ properties }) => properties.TopicRulePayload?.ErrorAction === undefined)
      .map((resource) => ({ resource, found: 'ErrorAction' })),
};
