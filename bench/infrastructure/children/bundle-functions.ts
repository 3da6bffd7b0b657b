/** What `cdk synth` builds of the functions before it synthesizes, into another folder: dist/ may be in use. */
import { bundleHandlers } from '../../../scripts/build-handlers';

bundleHandlers(process.argv[2] as string);
