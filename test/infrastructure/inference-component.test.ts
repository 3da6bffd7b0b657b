import { type ComponentConfiguration, problemsOf } from '../../contracts';
import { UNVERSIONED } from '../../lambda/device/names';
import { assetPrefix } from '../../lib/shared/stack-props';
import { ENVIRONMENTS, type EnvironmentName, synthesizedApp } from './synthesized-app';

const LARGEST_RECIPE_BYTES = 16_384;

interface Policy {
  readonly operations: string[];
  readonly resources: string[];
}
interface Recipe {
  readonly ComponentConfiguration: {
    readonly DefaultConfiguration: ComponentConfiguration & {
      readonly accessControl: Record<string, Record<string, Policy>>;
    };
  };
  readonly Manifests: {
    readonly Platform: { readonly architecture: string };
    readonly Lifecycle: { readonly startup: { readonly Script: string } };
    readonly Artifacts: { readonly Uri: string }[];
  }[];
}

/** The recipe as CloudFormation would pass it on, with `a-bucket` for every name that only it knows. */
function recipeText(environment: EnvironmentName): string {
  const [version] = synthesizedApp(environment).resources('Custom::GreengrassComponentVersion');
  const recipe: unknown = version?.Properties.Recipe;
  if (typeof recipe === 'string') return recipe;
  const [, parts] = (recipe as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  return parts.map((part) => (typeof part === 'string' ? part : 'a-bucket')).join('');
}

describe.each(ENVIRONMENTS)('the inference component of %s', (environment) => {
  const recipe = (): Recipe => JSON.parse(recipeText(environment));
  const { config } = synthesizedApp(environment);

  test('has a version that is made of the recipe as it is deployed', () => {
    const app = synthesizedApp(environment);
    const [component] = app.resources('Custom::GreengrassComponentVersion');
    const outputs = app.templates.get('fleet')?.toJSON().Outputs;
    expect(outputs.InferenceComponentVersion.Value).toEqual({
      'Fn::Select': [8, { 'Fn::Split': [':', { Ref: component?.logicalId }] }],
    });
    expect(recipe()).toMatchObject({ ComponentVersion: UNVERSIONED });
  });

  test('has a recipe that Greengrass takes', () => {
    expect(Buffer.byteLength(recipeText(environment))).toBeLessThanOrEqual(LARGEST_RECIPE_BYTES);
  });

  test('has one manifest per configured architecture, each with an artifact that lies where devices may read', () => {
    const { Manifests } = recipe();
    const configured = config.registry.architectures.map((name) =>
      name === 'linux-x64' ? 'amd64' : 'aarch64',
    );
    expect(Manifests.map(({ Platform }) => Platform.architecture)).toEqual(configured);
    const uris = Manifests.map(({ Artifacts: [artifact] }) => artifact?.Uri ?? '');
    expect(new Set(uris).size).toBe(configured.length);
    for (const [index, uri] of uris.entries()) {
      const [, name] =
        new RegExp(`^s3://[^/]+/${assetPrefix(config, 'fleet')}([0-9a-f]{64})\\.zip$`).exec(uri) ?? [];
      expect(Manifests[index]?.Lifecycle.startup.Script).toBe(
        `exec node {artifacts:decompressedPath}/${name}/main.cjs`,
      );
    }
  });

  test("brings the environment's device settings as its default configuration", () => {
    const { accessControl: _, ...defaults } = recipe().ComponentConfiguration.DefaultConfiguration;
    expect(problemsOf('component-configuration', defaults)).toEqual([]);
    expect(Object.keys(defaults.useCases)).toEqual([config.useCase]);
    const { device } = config;
    expect(defaults.useCases[config.useCase]).toMatchObject({
      cameras: device.cameras,
      upload: device.upload,
      outbox: device.outbox,
      shadow: { frames: device.shadowFrames },
    });
    expect(defaults).toMatchObject({
      captureBucket: 'a-bucket',
      componentUpdate: device.componentUpdate,
      statusIntervalSeconds: device.statusIntervalSeconds,
    });
  });

  test('may publish to its own topics, hear what the cloud confirms, and do nothing else, without privileges [case 37]', () => {
    const { accessControl } = recipe().ComponentConfiguration.DefaultConfiguration;
    const policies = Object.values(accessControl).flatMap((service) => Object.values(service));
    expect(policies.flatMap(({ operations }) => operations)).toEqual([
      'aws.greengrass#PublishToIoTCore',
      'aws.greengrass#SubscribeToIoTCore',
      'aws.greengrass#PublishToTopic',
    ]);
    const rules = `$aws/rules/kaizen_${environment}`;
    expect(policies.flatMap(({ resources }) => resources)).toEqual([
      `${rules}_results/+/+/results`,
      `${rules}_status/+/+/status`,
      `kaizen/+/${environment}/+/confirmations`,
      'kaizen/*/results',
    ]);
    expect(recipeText(environment)).not.toContain('RequiresPrivilege');
  });
});
