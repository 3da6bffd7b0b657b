import { local } from '../../../config/local';
import type { ComponentConfiguration, UseCaseConfiguration } from '../../../contracts';
import { inferenceRecipe } from '../../../edge-components/inference/recipe';

function useCase(name: string): UseCaseConfiguration {
  return {
    modelComponentName: `com.kaizenedge.model.${name}`,
    resultsTopic: `$aws/rules/kaizen_dev_results/${name}/{thingName}/results`,
    statusTopic: `$aws/rules/kaizen_dev_status/${name}/{thingName}/status`,
    confirmations: { topic: `kaizen/{thingName}/dev/${name}/confirmations` },
    cameras: { 'camera-1': { type: 'socket', path: '/run/camera.sock' } },
    upload: {
      privacy: 'never',
      dailyByteBudget: 0,
      controlSampleProbability: 0,
      uncertaintyThreshold: 0,
      uncertainSampleProbability: 0,
    },
    outbox: { maximumBytes: 65_536, batchRecords: 50, flushMilliseconds: 500 },
  };
}

const configuration = (...useCases: string[]): ComponentConfiguration => ({
  useCases: Object.fromEntries(useCases.map((name) => [name, useCase(name)])),
  captureBucket: 'captures',
  componentUpdate: { quietSeconds: 2, longestDeferralSeconds: 30 },
  statusIntervalSeconds: 60,
});

interface Recipe {
  readonly Manifests: {
    readonly Platform: { readonly architecture: string };
    readonly Lifecycle: Record<string, { readonly Script: string }>;
    readonly Artifacts: readonly object[];
  }[];
  readonly ComponentConfiguration: {
    readonly DefaultConfiguration: ComponentConfiguration & {
      readonly accessControl: Record<string, Record<string, { operations: string[]; resources: string[] }>>;
    };
  };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: a CDK token looks like this
const BUCKET = 's3://${Token[TOKEN.1]}';
const artifactUris = { 'linux-x64': `${BUCKET}/abc123.zip` };

function recipeOf(props: Partial<Parameters<typeof inferenceRecipe>[0]> = {}): Recipe {
  const base = {
    componentName: 'com.kaizenedge.local.Inference',
    version: '1.2.3',
    artifactUris,
    configuration: configuration('surface-inspection'),
  };
  return inferenceRecipe({ ...base, ...props }) as Recipe;
}

test('starts the process in the foreground of startup, from the unpacked artifact', () => {
  const [manifest] = recipeOf().Manifests;
  expect(manifest?.Platform).toEqual({ os: 'linux', architecture: 'amd64', runtime: '*' });
  expect(manifest?.Lifecycle.startup).toEqual({
    Script: 'exec node {artifacts:decompressedPath}/abc123/main.cjs',
  });
  expect(manifest?.Lifecycle).not.toHaveProperty('run');
  expect(manifest?.Lifecycle.Setenv).toMatchObject({
    TRUSTED_KEYS_PATH: '{kernel:rootPath}/kaizen-edge/trusted-keys.json',
  });
  expect(manifest?.Artifacts).toEqual([{ Uri: artifactUris['linux-x64'], Unarchive: 'ZIP' }]);
});

test('brings the configuration as its default', () => {
  const { accessControl, ...defaults } = recipeOf().ComponentConfiguration.DefaultConfiguration;
  expect(defaults).toEqual(configuration('surface-inspection'));
});

test('allows two topics of the environment to the cloud, one from it and one kind on the device, and nothing else [case 37]', () => {
  const recipe = recipeOf({ configuration: configuration('surface-inspection', 'weld-seams') });
  const { accessControl } = recipe.ComponentConfiguration.DefaultConfiguration;
  expect(Object.keys(accessControl)).toEqual(['aws.greengrass.ipc.mqttproxy', 'aws.greengrass.ipc.pubsub']);
  const policies = Object.values(accessControl).flatMap((service) => Object.entries(service));
  expect(policies.map(([id, { operations, resources }]) => [id, ...operations, ...resources])).toEqual([
    [
      'com.kaizenedge.local.Inference:mqttproxy:1',
      'aws.greengrass#PublishToIoTCore',
      'aws.greengrass#SubscribeToIoTCore',
      // One level each for use case and thing: another environment, and what is no result or status, stay out of reach.
      '$aws/rules/kaizen_dev_results/+/+/results',
      '$aws/rules/kaizen_dev_status/+/+/status',
      'kaizen/+/dev/+/confirmations',
    ],
    ['com.kaizenedge.local.Inference:pubsub:1', 'aws.greengrass#PublishToTopic', 'kaizen/*/results'],
  ]);
  expect(JSON.stringify(recipe)).not.toContain('RequiresPrivilege');
});

/** As lib/device/inference-component.ts writes it. */
const SECOND_OPINION = {
  questionTopic: 'kaizen/{thingName}/dev/welds/questions',
  answerTopic: 'kaizen/{thingName}/dev/welds/opinions',
  deadlineMilliseconds: 2_000,
};

test('[S10] with a second opinion: one topic more to the cloud, one from it, one on the device', () => {
  const useCases = { welds: { ...useCase('welds'), secondOpinion: SECOND_OPINION } };
  const recipe = recipeOf({ configuration: { ...configuration(), useCases } });
  const { accessControl } = recipe.ComponentConfiguration.DefaultConfiguration;
  const resources = Object.values(accessControl).flatMap((service) =>
    Object.values(service).flatMap((policy) => policy.resources),
  );
  expect(resources).toEqual([
    '$aws/rules/kaizen_dev_results/+/+/results',
    '$aws/rules/kaizen_dev_status/+/+/status',
    'kaizen/+/dev/+/confirmations',
    'kaizen/+/dev/+/questions',
    'kaizen/+/dev/+/opinions',
    'kaizen/*/results',
    'kaizen/*/second-opinions',
  ]);
});

test('[L8] takes no more room for topics when there are more use cases', () => {
  const sizeOf = (...names: string[]) => {
    const { accessControl } = recipeOf({ configuration: configuration(...names) }).ComponentConfiguration
      .DefaultConfiguration;
    return JSON.stringify(accessControl).length;
  };
  expect(sizeOf('a', 'b')).toBe(sizeOf('a'));
});

test('[L2] version requirements are spelled out, because nucleus lite does not know "^"', () => {
  expect(recipeOf()).toMatchObject({
    ComponentDependencies: {
      'aws.greengrass.TokenExchangeService': { VersionRequirement: '>=2.0.0 <3.0.0' },
    },
  });
});

const both = { 'linux-x64': `${BUCKET}/x.zip`, 'linux-arm64': `${BUCKET}/y.zip` };
/** Use cases with as many settings as an environment has (config/local.ts), of which the nucleus itself took some. */
const full = (...names: string[]): ComponentConfiguration => {
  const { shadowFrames, componentUpdate, statusIntervalSeconds, confirmations, ...settings } = local.device;
  const useCases = names.map((name) => {
    const { confirmations: own, ...base } = useCase(name);
    return [
      name,
      { ...base, ...settings, confirmations: { ...own, ...confirmations }, shadow: { frames: shadowFrames } },
    ];
  });
  return {
    ...configuration(),
    useCases: Object.fromEntries(useCases),
    componentUpdate,
    statusIntervalSeconds,
  };
};
const withCameras = (count: number): ComponentConfiguration => {
  const camera = { type: 'http-mjpeg', url: 'http://camera/', framesPerSecond: 5, stallSeconds: 5 } as const;
  const cameras = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`camera-${index}`, camera]),
  );
  const { useCases, ...rest } = full('welds');
  return { ...rest, useCases: { welds: { ...(useCases.welds as UseCaseConfiguration), cameras } } };
};

const withSecondOpinion = ({ useCases, ...rest }: ComponentConfiguration): ComponentConfiguration => ({
  ...rest,
  useCases: { welds: { ...(useCases.welds as UseCaseConfiguration), secondOpinion: SECOND_OPINION } },
});

// What the nucleus itself took and refused, see docs/real-nuclei.md.
test.each([
  ['one use case for both architectures', { artifactUris: both, configuration: full('welds') }],
  ['two use cases for one', { configuration: full('welds', 'surfaces') }],
  [
    'one use case with a second opinion for both',
    { artifactUris: both, configuration: withSecondOpinion(full('welds')) },
  ],
  ['four cameras for both', { artifactUris: both, configuration: withCameras(4) }],
])('[L8] nucleus lite takes %s', (_, props) => {
  expect(() => recipeOf(props)).not.toThrow();
});

test.each([
  ['three use cases', { configuration: full('welds', 'surfaces', 'seams') }],
  ['two use cases for both', { artifactUris: both, configuration: full('a', 'b') }],
  ['three use cases for both', { artifactUris: both, configuration: full('a', 'b', 'c') }],
  ['eight cameras for both', { artifactUris: both, configuration: withCameras(8) }],
])('[L8] refuses what nucleus lite would refuse, and says where it belongs: %s', (_, props) => {
  expect(() => recipeOf(props)).toThrow(
    /^recipe: has \d+ bytes and \d+ parts .* leave cameras and use cases to a configuration document \(kaizen device configure\)$/,
  );
});

test('refuses an artifact whose file name is not known at synth, and no artifact at all', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a CDK token looks like this
  const unknown = { 'linux-x64': 's3://bucket/${Token[TOKEN.2]}' };
  expect(() => recipeOf({ artifactUris: unknown })).toThrow('artifactUris: must end in a literal');
  expect(() => recipeOf({ artifactUris: {} })).toThrow('artifactUris: must name at least one artifact');
});
