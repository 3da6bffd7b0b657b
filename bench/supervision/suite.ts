import { type Suite, suiteOf } from '../suite';
import { SupervisionContext } from './context';
import { kills } from './kills';

export const supervisionSuite: Suite = suiteOf(
  'how soon the component inspects again when one of its processes is killed',
  [kills],
  SupervisionContext.prepare,
);
