import { parseRecipe } from '@kaizen-edge/local-aws';
import { modelRecipe } from '../../../lambda/rollout/model-recipe';
import { aStored } from './builders';

const recipeOf = (stored = aStored(2), modelBucket = 'models') =>
  modelRecipe({
    stored,
    modelBucket,
    deliverReleaseUri: 's3://models/components/abc/deliver-release.cjs',
    inferenceComponentName: 'com.kaizenedge.local.Inference',
  });

describe('[S7] the recipe of a model component', () => {
  test('is one that Greengrass takes', () => {
    const { recipe } = parseRecipe(Buffer.from(recipeOf()));
    expect(recipe).toMatchObject({
      ComponentName: 'com.kaizenedge.local.model.Surface',
      ComponentVersion: '1.0.2',
      // HARD would restart the component that serves, whenever a model comes.
      // Spelled out, because nucleus lite does not know '^' [L2].
      ComponentDependencies: {
        'com.kaizenedge.local.Inference': { VersionRequirement: '>=1.0.0 <2.0.0', DependencyType: 'SOFT' },
      },
    });
  });

  test('carries the script, the envelope and every file, by their digests', () => {
    const [manifest] = JSON.parse(recipeOf()).Manifests;
    expect(manifest.Artifacts.map(({ Uri }: { Uri: string }) => Uri)).toEqual([
      's3://models/components/abc/deliver-release.cjs',
      `s3://models/${aStored(2).envelopeKey}`,
      `s3://models/releases/blobs/${'a'.repeat(64)}/model-int8.onnx`,
    ]);
  });

  test('hands the release over at startup, without privileges and without a number [N6]', () => {
    const { startup } = JSON.parse(recipeOf()).Manifests[0].Lifecycle;
    expect(startup).toEqual({
      Script: 'node {artifacts:path}/deliver-release.cjs || exit 1',
      Setenv: {
        ARTIFACTS_PATH: '{artifacts:path}',
        INBOX_PATH: '{kernel:rootPath}/work/com.kaizenedge.local.Inference/inbox',
        COMPONENT_NAME: 'com.kaizenedge.local.model.Surface',
        COMPONENT_VERSION: '1.0.2',
      },
    });
  });

  test.each([
    [['linux-x64'], { os: 'linux', runtime: '*', architecture: 'amd64' }],
    [['linux-arm64'], { os: 'linux', runtime: '*', architecture: 'aarch64' }],
    [['linux-x64', 'linux-arm64'], { os: 'linux', runtime: '*' }],
  ])('[L8] is for %j', (architectures, platform) => {
    const stored = aStored(2);
    const target = { ...stored.release.target, architectures } as typeof stored.release.target;
    const recipe = JSON.parse(recipeOf({ ...stored, release: { ...stored.release, target } }));
    expect(recipe.Manifests[0].Platform).toEqual(platform);
  });

  const withFiles = (count: number, name: (index: number) => string) => {
    const stored = aStored(2);
    const files = Array.from({ length: count }, (_, index) => ({
      name: name(index),
      sha256: 'a'.repeat(64),
      bytes: 1,
    }));
    return recipeOf({ ...stored, release: { ...stored.release, files } }, 'b'.repeat(63));
  };

  test('[L8] with as many golden samples as an export has, two graphs and the longest bucket name, it fits', () => {
    expect(() => withFiles(22, (index) => `golden-${index}.png`)).not.toThrow();
  });

  test.each([
    ['many files', 40, (index: number) => `golden-${index}.png`],
    ['long names', 16, (index: number) => `${index}${'x'.repeat(400)}`],
  ])('[L8] one that a nucleus would refuse is refused with its size: %s', (_, count, name) => {
    expect(() => withFiles(count, name)).toThrow(
      new RegExp(`has \\d+ bytes and \\d+ parts .*: the release has ${count} files`),
    );
  });
});
