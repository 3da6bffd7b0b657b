import type { DeliveryConfig } from '../contracts';

/** How a commit reaches the environments, by the pipeline in AWS or by GitHub Actions: docs/delivery.md. */
export const delivery = {
  repository: 'your-organisation/kaizen-edge',
  branch: 'main',
  environments: [
    { name: 'dev', approval: 'none', healthyDevices: 0 },
    { name: 'prod', approval: 'manual', healthyDevices: 0 },
  ],
  // E-mail addresses, and https URLs of pagers.
  subscriptions: [],
  pipeline: {
    account: '333333333333',
    region: 'us-east-1',
    connectionArn:
      'arn:aws:codeconnections:us-east-1:333333333333:connection/00000000-0000-4000-8000-000000000000',
    driftCheckHours: 24,
  },
} satisfies DeliveryConfig;
