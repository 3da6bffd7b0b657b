import { type Suite, suiteOf } from '../suite';
import { NetworksContext } from './context';
import { costLaw } from './cost-law';
import { knowledge } from './knowledge';

export const networksSuite: Suite = suiteOf(
  'the efficient networks side by side: accuracy, cost, size and time',
  [knowledge, costLaw],
  NetworksContext.prepare,
);
