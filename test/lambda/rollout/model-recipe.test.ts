import { parseRecipe } from '@kaizen-edge/local-aws';
import { modelRecipe } from '../../../lambda/rollout/model-recipe';
import { aStored } from './builders';

const recipeOf = (stored = aStored(2)) =>
  modelRecipe({
    stored,
    modelBucket: 'models',
    deliverReleaseUri: 's3://models/components/abc/deliver-release.cjs',
    inferenceComponentName: 'com.kaizenedge.Inference',
  });

describe('[S7] the recipe of a model component', () => {
  test('is one that Greengrass takes', () => {
    const { recipe } = parseRecipe(Buffer.from(recipeOf()));
    expect(recipe).toMatchObject({
      ComponentName: 'com.kaizenedge.model.Surface',
      ComponentVersion: '1.0.2',
      // HARD would restart the component that serves, whenever a model comes.
      ComponentDependencies: { 'com.kaizenedge.Inference': { DependencyType: 'SOFT' } },
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

  test('hands the release over at startup, with a time limit and without privileges', () => {
    const { startup } = JSON.parse(recipeOf()).Manifests[0].Lifecycle;
    expect(startup).toEqual({
      Script: 'node {artifacts:path}/deliver-release.cjs',
      Timeout: 300,
      Setenv: {
        ARTIFACTS_PATH: '{artifacts:path}',
        INBOX_PATH: '{kernel:rootPath}/work/com.kaizenedge.Inference/inbox',
        COMPONENT_NAME: 'com.kaizenedge.model.Surface',
        COMPONENT_VERSION: '1.0.2',
      },
    });
  });

  test.each([
    [['linux-x64'], { os: 'linux', runtime: '*', architecture: '/amd64/' }],
    [['linux-arm64'], { os: 'linux', runtime: '*', architecture: '/aarch64/' }],
    [['linux-x64', 'linux-arm64'], { os: 'linux', runtime: '*' }],
  ])('is for %j', (architectures, platform) => {
    const stored = aStored(2);
    const target = { ...stored.release.target, architectures } as typeof stored.release.target;
    const recipe = JSON.parse(recipeOf({ ...stored, release: { ...stored.release, target } }));
    expect(recipe.Manifests[0].Platform).toEqual(platform);
  });

  test('as large as a release may be, it still fits', () => {
    const stored = aStored(2);
    const files = Array.from({ length: 40 }, (_, index) => ({
      name: `golden-${index}.png`,
      sha256: 'a'.repeat(64),
      bytes: 1,
    }));
    expect(() => recipeOf({ ...stored, release: { ...stored.release, files } })).not.toThrow();
  });

  test('one that Greengrass would refuse is refused with its size', () => {
    const stored = aStored(2);
    const files = Array.from({ length: 40 }, () => ({
      name: 'x'.repeat(400),
      sha256: 'a'.repeat(64),
      bytes: 1,
    }));
    expect(() => recipeOf({ ...stored, release: { ...stored.release, files } })).toThrow(
      /has \d+ bytes with 40 files/,
    );
  });
});
