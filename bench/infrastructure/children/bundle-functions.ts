/** What `cdk synth` builds of the functions before it synthesizes. */
import { buildHandlers } from '../../../scripts/build-handlers';

buildHandlers();
