import { spawnSync } from 'node:child_process';

/** Whether this machine gives network namespaces to whoever runs the tests, which containers of CI may not. */
export const canCutOff = (): boolean =>
  spawnSync('unshare', ['--user', '--map-root-user', '--net', 'true']).status === 0;
