import { type Suite, suiteOf } from '../suite';
import { bundles } from './bundles';
import { InfrastructureContext } from './context';
import { loading } from './loading';
import { synthesis } from './synthesis';

export const infrastructureSuite: Suite = suiteOf(
  'what the functions weigh, how soon they have loaded, and how long a synthesis takes',
  [bundles, loading, synthesis],
  InfrastructureContext.prepare,
);
