import { describeCost } from '../../../cli/cost/describe-cost';
import { isPricedRegion } from '../../../cli/cost/prices';

test('[B12] a region without prices is said, with those that have some', () => {
  expect(isPricedRegion('eu-north-1')).toBe(false);
  expect(describeCost(new Map(), 'eu-north-1')).toEqual([
    'No prices of eu-north-1 in cli/cost/prices.ts, only of us-east-1, eu-central-1, ap-northeast-1.',
  ]);
});

test('[B12] templates that lack what costs are refused by what they lack', () => {
  expect(() => describeCost(new Map([['data', { Resources: {} }]]), 'us-east-1')).toThrow(
    'templates: must have one Custom::GreengrassComponentVersion, got 0',
  );
});
