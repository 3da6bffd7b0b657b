import { type Suite, suiteOf } from '../suite';
import { calls } from './calls';
import { compressing } from './compressing';

export const telemetryCostSuite: Suite = suiteOf(
  'what the results of a fleet cost in calls of AWS, counted by the ingest function over a bucket and a table in memory, and what compressing them costs the device',
  [calls, compressing],
  async () => ({ close: async () => undefined }),
);
