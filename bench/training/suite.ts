import { type Suite, suiteOf } from '../suite';
import { adapterOverhead } from './adapter-overhead';
import { TrainingContext } from './context';
import { exportTime } from './export-time';
import { throughput } from './throughput';
import { twoHosts } from './two-hosts';

export const trainingSuite: Suite = suiteOf(
  'the training package against plain PyTorch, the exporters alone and a script without the adapter',
  [adapterOverhead, throughput, exportTime, twoHosts],
  TrainingContext.prepare,
);
