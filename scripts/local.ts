/** `npm run local`: the command of the local AWS, with this project's settings. */
import { runLocalAws } from '@kaizen-edge/local-aws';
import { LOCAL_AWS_SETTINGS } from './local-aws';

void runLocalAws(process.argv.slice(2), { ...LOCAL_AWS_SETTINGS, variables: 'out/local.env' }).then(
  (code) => {
    process.exitCode = code;
  },
);
