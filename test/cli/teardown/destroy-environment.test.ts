import { describeEnvironment } from '../../../cli/shared/environment';
import { destroyEnvironment } from '../../../cli/teardown/destroy-environment';
import { asClients, awsError, FakeClient } from '../fakes';
import { smallCloud } from '../small-cloud';
import { DELETE_ALL } from './world';

/** The plan for an environment whose function that starts rollouts answers so. */
async function plan(concurrency: () => object): Promise<string[]> {
  const clients = asClients({
    ...(await smallCloud('dev')),
    lambda: new FakeClient({ GetFunctionConcurrency: concurrency }),
  });
  const environment = await describeEnvironment(clients, 'dev');
  const options = { choices: DELETE_ALL, dryRun: true };
  const { steps } = await destroyEnvironment(clients, environment, options, () => undefined);
  return steps.map(({ what }) => what);
}

const HOLD = 'stop what starts rollouts, and the 0 that run';

test.each<[string, () => object]>([
  ['is bounded by nothing', () => ({})],
  ['may run five times at once', () => ({ ReservedConcurrentExecutions: 5 })],
])('[B10] what starts rollouts is held before the fleet goes where it %s', async (_, concurrency) => {
  const steps = await plan(concurrency);
  expect(steps).toContain(HOLD);
  expect(steps.indexOf(HOLD)).toBeLessThan(steps.findIndex((what) => /stack .*fleet/.test(what)));
});

test.each<[string, () => object]>([
  ['is held already', () => ({ ReservedConcurrentExecutions: 0 })],
  [
    'has gone with a stack that failed to go',
    () => {
      throw awsError('ResourceNotFoundException', 'Function not found');
    },
  ],
])('[B10] nothing is held where it %s', async (_, concurrency) => {
  expect(await plan(concurrency)).not.toContain(HOLD);
});
