import { platformFits } from '../../greengrass/platform';

const DEVICE = { os: 'linux', architecture: 'amd64' };

test.each<[string, Record<string, string> | undefined, Record<string, string>, boolean]>([
  ['no platform fits every classic device', undefined, DEVICE, true],
  ['an equal attribute', { os: 'linux' }, DEVICE, true],
  ['a different attribute', { os: 'windows' }, DEVICE, false],
  ['every attribute counts', { os: 'linux', architecture: 'aarch64' }, DEVICE, false],
  ['all means any', { os: 'all' }, DEVICE, true],
  ['a star means any, also of an attribute that the device has not', { board: '*' }, DEVICE, true],
  ['an attribute that the device has not', { board: 'a' }, DEVICE, false],
  ['a regular expression', { architecture: '/amd64|aarch64/' }, DEVICE, true],
  ['a regular expression fits the whole value', { architecture: '/amd/' }, DEVICE, false],
  ['no runtime means classic only', { os: 'linux' }, { ...DEVICE, runtime: 'aws_nucleus_lite' }, false],
  ['runtime * serves both', { runtime: '*' }, { ...DEVICE, runtime: 'aws_nucleus_lite' }, true],
])('%s', (_what, wanted, device, fits) => {
  expect(platformFits(wanted, device)).toBe(fits);
});
