import { imagePolicyWarnings } from '../../../cli/dataset/image-policy-warnings';
import { completeImagePolicy } from '../../../contracts/image-policy';

const warningsOf = (sizes: readonly [number, number][], policy = {}) =>
  imagePolicyWarnings(
    sizes.map(([width, height]) => ({ width, height })),
    completeImagePolicy(policy),
  );

test('[B27] images that the policy suits give no warning', () => {
  expect(warningsOf([])).toEqual([]);
  expect(warningsOf([[128, 128]])).toEqual([]);
  expect(warningsOf([[640, 480]], { width: 320, height: 240 })).toEqual([]);
  expect(warningsOf([[320, 240]], { fit: 'letterbox' })).toEqual([]);
  expect(warningsOf([[320, 240]], { fit: 'crop' })).toEqual([]);
});

test.each<[string, readonly [number, number][], object, readonly RegExp[]]>([
  [
    'small defects are lost',
    [
      [2592, 1944],
      [128, 128],
    ],
    { fit: 'letterbox' },
    [/^image size: 1 items are shrunk by up to 20\.3 a side to 128x128 /],
  ],
  [
    'pixels are made up',
    [
      [64, 64],
      [32, 32],
      [200, 200],
    ],
    {},
    [/^image size: 2 items have fewer pixels than 128x128/],
  ],
  // 320 / 128 = 2.5 across, 240 / 128 = 1.875 down.
  ['proportions are lost', [[320, 240]], {}, [/^proportions: 1 items are stretched by up to 1\.3 /]],
  // 480 of 1,920 columns stay.
  [
    'edges are lost',
    [[1920, 480]],
    { fit: 'crop', width: 256, height: 256 },
    [/^proportions: of 1 items up to 75 % is cut off/],
  ],
  [
    'all at once; a region counts as a frame of its own',
    [
      [1000, 1000],
      [100, 100],
    ],
    { region: { x: 0, y: 0, width: 1, height: 0.5 } },
    [/shrunk by up to 7\.8/, /1 items have fewer pixels/, /2 items are stretched by up to 2\.0/],
  ],
])('[B27] says when %s', (_, sizes, policy, expected) => {
  expect(warningsOf(sizes, policy)).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
});
