import { type Suite, suiteOf } from '../suite';
import { calls } from './calls';

export const telemetryCostSuite: Suite = suiteOf(
  'what the results of a fleet cost in calls of AWS: counted, by the ingest function over a bucket and a table in memory',
  [calls],
  async () => ({ close: async () => undefined }),
);
