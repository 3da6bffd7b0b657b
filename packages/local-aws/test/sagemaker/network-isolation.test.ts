import { isNetworkIsolated, openIsolatedNetwork } from '../../sagemaker/jobs/network-isolation';
import { PYTHON } from '../python';

test.each([
  ['a training job', { EnableNetworkIsolation: true }, true],
  ['a processing job', { NetworkConfig: { EnableNetworkIsolation: true } }, true],
  ['a training job', { EnableNetworkIsolation: false }, false],
  ['a job', { NetworkConfig: { VpcConfig: {} } }, false],
])('[C14] %s with %j is isolated: %p', (_, request, isolated) => {
  expect(isNetworkIsolated(request)).toBe(isolated);
});

test.each([
  ['refuses', 'false', 'exit code 1'],
  ['does not know how', 'no-such-unshare', 'spawn no-such-unshare ENOENT'],
])('[C14] where the machine %s, the job is refused and not run with a network', async (_, unshare, why) => {
  await expect(openIsolatedNetwork(PYTHON, unshare)).rejects.toThrow(
    `ClientError: EnableNetworkIsolation cannot be kept on this machine, which gives no network namespace: ${why}. Allow`,
  );
});
