import type { ComponentConfiguration } from '../../../contracts';
import { inferenceRecipe } from '../../../edge-components/inference/recipe';

const configuration: ComponentConfiguration = {
  useCase: 'surface-inspection',
  resultsTopic: '$aws/rules/kaizen_dev_results/surface-inspection/{thingName}/results',
  statusTopic: '$aws/rules/kaizen_dev_status/surface-inspection/{thingName}/status',
  captureBucket: 'captures',
  frameSource: { type: 'socket', path: '/run/camera.sock' },
  upload: {
    privacy: 'never',
    dailyByteBudget: 0,
    controlSampleProbability: 0,
    uncertaintyThreshold: 0,
    uncertainSampleProbability: 0,
  },
  outbox: { maximumBytes: 65_536, batchRecords: 50, flushMilliseconds: 500 },
};
// biome-ignore lint/suspicious/noTemplateCurlyInString: a CDK token looks like this
const artifactUri = 's3://${Token[TOKEN.1]}/abc123.zip';
const recipe = inferenceRecipe({ version: '1.2.3', artifactUri, configuration }) as {
  Manifests: { Platform: object; Lifecycle: Record<string, { Script: string }>; Artifacts: object[] }[];
  ComponentConfiguration: { DefaultConfiguration: { accessControl: object } };
};

test('starts the process in the foreground of startup, from the unpacked artifact', () => {
  const [manifest] = recipe.Manifests;
  expect(manifest?.Platform).toEqual({ os: 'linux', architecture: 'amd64', runtime: '*' });
  expect(manifest?.Lifecycle.startup).toEqual({
    Script: 'exec node {artifacts:decompressedPath}/abc123/main.cjs',
    Timeout: 60,
  });
  expect(manifest?.Lifecycle).not.toHaveProperty('run');
  expect(manifest?.Lifecycle.Setenv).toMatchObject({
    TRUSTED_KEYS_PATH: '{kernel:rootPath}/kaizen-edge/trusted-keys.json',
  });
  expect(manifest?.Artifacts).toEqual([{ Uri: artifactUri, Unarchive: 'ZIP' }]);
});

test('allows two topics to the cloud and one on the device, and no wildcard resource [case 37]', () => {
  const { accessControl } = recipe.ComponentConfiguration.DefaultConfiguration;
  const policies = Object.values(accessControl).flatMap((service) => Object.values(service as object));
  expect(policies.flatMap(({ resources }) => resources)).toEqual([
    '$aws/rules/kaizen_dev_results/surface-inspection/+/results',
    '$aws/rules/kaizen_dev_status/surface-inspection/+/status',
    'kaizen/surface-inspection/results',
  ]);
  expect(policies.flatMap(({ operations }) => operations)).toEqual([
    'aws.greengrass#PublishToIoTCore',
    'aws.greengrass#PublishToTopic',
  ]);
  expect(JSON.stringify(recipe)).not.toContain('RequiresPrivilege');
});

test('has one manifest per architecture of the artifact', () => {
  const both = inferenceRecipe({
    version: '1.2.3',
    artifactUri,
    configuration,
    architectures: ['linux-x64', 'linux-arm64'],
  }) as typeof recipe;
  expect(both.Manifests.map(({ Platform }) => (Platform as { architecture: string }).architecture)).toEqual([
    'amd64',
    'aarch64',
  ]);
});

test('stays below the 16 KB that Greengrass takes', () => {
  expect(JSON.stringify(recipe).length).toBeLessThan(16_384 / 4);
});

test('refuses an artifact whose file name is not known at synth', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a CDK token looks like this
  const unknown = 's3://bucket/${Token[TOKEN.2]}';
  expect(() => inferenceRecipe({ version: '1.2.3', artifactUri: unknown, configuration })).toThrow(
    'artifactUri',
  );
});
