import { listOf, type Resource } from './application';
import type { Rule } from './rule';
import { mutedBy } from './topic-publisher';

/** A topic without a policy that names it refuses Budgets. */
const BUDGETS = { service: 'budgets.amazonaws.com', withoutPolicy: false };

interface Subscriber {
  readonly SubscriptionType?: string;
  readonly Type?: string;
  readonly Address: unknown;
}

function addressesOf({ properties }: Resource): unknown[] {
  const notified = listOf<{ Subscribers?: Subscriber[] }>(properties.NotificationsWithSubscribers);
  return [
    ...notified.flatMap(({ Subscribers }) => Subscribers ?? []),
    ...listOf<Subscriber>(properties.Subscribers),
  ]
    .filter(({ SubscriptionType, Type }) => (SubscriptionType ?? Type) === 'SNS')
    .map(({ Address }) => Address);
}

/** A budget that may not publish is spent unheard. */
export const budgetTopic: Rule = {
  id: 'BUD1',
  description:
    "The budget is mute: AWS Budgets may not publish to its topic, or not use the topic's key. Allow budgets.amazonaws.com sns:Publish in the topic policy, and kms:Decrypt and kms:GenerateDataKey* in the key policy.",
  source: 'https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html',
  check: (application) =>
    application.resources('AWS::Budgets::Budget', 'AWS::Budgets::BudgetsAction').flatMap((resource) => {
      const missing = addressesOf(resource).flatMap((address) =>
        mutedBy(application, resource.stack, address, BUDGETS),
      );
      return [...new Set(missing)].map((found) => ({ resource, found }));
    }),
};
