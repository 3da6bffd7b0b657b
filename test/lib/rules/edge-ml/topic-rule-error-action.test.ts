import { topicRuleErrorAction } from '../../../../lib/rules/edge-ml/topic-rule-error-action';
import { findings } from './findings';

const rule = (payload: object) => ({
  Rule: { Type: 'AWS::IoT::TopicRule', Properties: { TopicRulePayload: { Actions: [], ...payload } } },
});

test('complies: a queue takes what the action does not', () => {
  expect(findings(topicRuleErrorAction, rule({ ErrorAction: { Sqs: {} } }))).toEqual([]);
});

test('violates: nothing does', () => {
  expect(findings(topicRuleErrorAction, rule({}))).toEqual(['Rule: ErrorAction']);
});
