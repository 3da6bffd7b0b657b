import { greengrassRecipe } from '../../../../lib/rules/edge-ml/greengrass-recipe';
import { findings } from './findings';

const MANIFEST = {
  Platform: { os: 'linux', architecture: 'amd64' },
  Lifecycle: { startup: { Script: 'exec node main.cjs' } },
  Artifacts: [{ Uri: 's3://assets/main.zip', Unarchive: 'ZIP' }],
};
const RECIPE = {
  RecipeFormatVersion: '2020-01-25',
  ComponentName: 'com.example.Camera',
  ComponentVersion: '1.0.0',
  ComponentDependencies: { 'aws.greengrass.TokenExchangeService': { VersionRequirement: '^2.0.0' } },
  Manifests: [MANIFEST],
};

const component = (recipe: object) => ({
  Component: {
    Type: 'AWS::GreengrassV2::ComponentVersion',
    Properties: { InlineRecipe: JSON.stringify(recipe) },
  },
});
const authorized = (authorization: object) => ({
  ...RECIPE,
  ComponentConfiguration: {
    DefaultConfiguration: { accessControl: { 'aws.greengrass.ipc.mqttproxy': { publish: authorization } } },
  },
});

test('complies: a recipe that Greengrass takes', () => {
  expect(findings(greengrassRecipe(), component(RECIPE))).toEqual([]);
  const narrow = authorized({
    operations: ['aws.greengrass#PublishToIoTCore'],
    resources: ['plant/+/results'],
  });
  expect(findings(greengrassRecipe(), component(narrow))).toEqual([]);
});

test('complies: a component that is made from a Lambda function and has no recipe', () => {
  const resources = { Component: { Type: 'AWS::GreengrassV2::ComponentVersion', Properties: {} } };
  expect(findings(greengrassRecipe(), resources)).toEqual([]);
});

test.each([
  ['its format', { ...RECIPE, RecipeFormatVersion: '2021-01-01' }, 'RecipeFormatVersion'],
  ['its name', { ...RECIPE, ComponentName: 'a camera' }, 'ComponentName'],
  ['its version', { ...RECIPE, ComponentVersion: '1.0' }, 'ComponentVersion'],
  [
    'a dependency on any version',
    { ...RECIPE, ComponentDependencies: { Other: {} } },
    'ComponentDependencies.Other.VersionRequirement',
  ],
  ['no platform at all', { ...RECIPE, Manifests: [] }, 'Manifests'],
  [
    'any operating system',
    { ...RECIPE, Manifests: [{ ...MANIFEST, Platform: {} }] },
    'Manifests.0.Platform.os',
  ],
  ['nothing to run', { ...RECIPE, Manifests: [{ ...MANIFEST, Lifecycle: {} }] }, 'Manifests.0.Lifecycle'],
  [
    'the rights of root',
    {
      ...RECIPE,
      Manifests: [{ ...MANIFEST, Lifecycle: { run: { RequiresPrivilege: true, Script: 'sh' } } }],
    },
    'Manifests.0.RequiresPrivilege',
  ],
  [
    'an artifact from anywhere',
    { ...RECIPE, Manifests: [{ ...MANIFEST, Artifacts: [{ Uri: 'https://example.com/a.zip' }] }] },
    'Manifests.0.Artifacts.Uri',
  ],
  ['every topic', authorized({ resources: ['*'] }), 'accessControl.publish'],
])('violates: %s', (_, recipe, found) => {
  expect(findings(greengrassRecipe(), component(recipe))).toEqual([`Component: ${found}`]);
});

test('violates: more than 16 KB, or no JSON', () => {
  const long = { ...RECIPE, ComponentDescription: 'x'.repeat(16_384) };
  expect(findings(greengrassRecipe(), component(long))).toEqual([
    `Component: ${JSON.stringify(long).length} bytes`,
  ]);
  const text = { Type: 'Custom::Version', Properties: { Recipe: '---' } };
  const own = greengrassRecipe({ type: 'Custom::Version', property: 'Recipe' });
  expect(findings(own, { Version: text })).toEqual(['Version: no JSON']);
});
