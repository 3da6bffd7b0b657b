import { stringify } from 'yaml';
import { shouldSkip } from '../../../core-device/component/component';
import {
  type InterpolationScope,
  interpolate,
  interpolateLifecycle,
} from '../../../core-device/component/interpolation';
import { parseRecipe, RecipeError } from '../../../core-device/component/recipe';

const PLATFORM = { os: 'linux', architecture: 'amd64', runtime: 'aws_nucleus_classic' };
const recipe = (changes: object = {}) => ({
  RecipeFormatVersion: '2020-01-25',
  ComponentName: 'com.example.It',
  ComponentVersion: '1.2.3',
  ComponentConfiguration: { DefaultConfiguration: { a: 1 } },
  ComponentDependencies: { other: { VersionRequirement: '>=1.0.0' }, soft: { DependencyType: 'SOFT' } },
  Manifests: [
    {
      Platform: { os: 'linux', runtime: '*' },
      Lifecycle: {
        Setenv: { NUMBER: 1, LIST: { deep: true } },
        install: 'prepare',
        Startup: { Script: 'go', Timeout: 5, Setenv: { OWN: 'x' }, Skipif: 'onpath sh' },
      },
      Artifacts: [
        {
          URI: 's3://b/a.zip',
          Unarchive: 'ZIP',
          Permission: { Read: 'ALL', Execute: 'OWNER' },
          Digest: 'd',
          Algorithm: 'SHA-256',
        },
        { Uri: 's3://b/plain' },
      ],
    },
  ],
  ...changes,
});
const parsed = (changes?: object) => parseRecipe(JSON.stringify(recipe(changes)), PLATFORM);

test('a recipe is read whole, whatever the case of its keys', () => {
  expect(parsed()).toEqual({
    name: 'com.example.It',
    version: '1.2.3',
    defaultConfiguration: { a: 1 },
    dependencies: {
      other: { versionRequirement: '>=1.0.0', type: 'HARD' },
      soft: { versionRequirement: '*', type: 'SOFT' },
    },
    lifecycle: {
      setenv: { NUMBER: '1', LIST: '{"deep":true}' },
      steps: {
        install: { script: 'prepare', setenv: {} },
        startup: { script: 'go', timeoutSeconds: 5, setenv: { OWN: 'x' }, skipIf: 'onpath sh' },
      },
    },
    artifacts: [
      {
        uri: 's3://b/a.zip',
        unarchive: 'ZIP',
        read: 'ALL',
        execute: 'OWNER',
        digest: 'd',
        algorithm: 'SHA-256',
      },
      { uri: 's3://b/plain', unarchive: 'NONE', read: 'OWNER', execute: 'NONE' },
    ],
  });
});

test('YAML says the same as JSON', () => {
  expect(parseRecipe(stringify(recipe()), PLATFORM)).toEqual(parsed());
});

test.each([
  [
    'the manifest of this platform',
    [{ Platform: { os: 'windows' } }, { Platform: { os: 'linux', architecture: 'amd64' } }],
    'amd64',
  ],
  [
    'an expression',
    [{ Platform: { os: '/windows|darwin/' } }, { Platform: { architecture: '/amd64|aarch64/' } }],
    '/amd64|aarch64/',
  ],
])('the first manifest that fits is taken: %s', (_case, manifests, expected) => {
  const named = manifests.map((manifest) => ({
    ...manifest,
    Lifecycle: { run: String((manifest.Platform as Record<string, string>).architecture) },
  }));
  expect(parsed({ Manifests: named }).lifecycle.steps.run?.script).toBe(expected);
});

test.each([
  [
    'its selection',
    { Manifests: [{ Selections: ['debian'] }], Lifecycle: { debian: { run: 'd' }, all: { run: 'a' } } },
    'd',
  ],
  ['all', { Manifests: [{}], Lifecycle: { debian: { run: 'd' }, all: { run: 'a' } } }, 'a'],
  ['no sections', { Manifests: [], Lifecycle: { run: 'plain' } }, 'plain'],
])('a manifest without a life cycle uses the global one: %s', (_case, changes, expected) => {
  expect(parsed(changes).lifecycle.steps.run?.script).toBe(expected);
});

test.each([
  ['a name that is a path', { ComponentName: '../evil' }, 'ComponentName'],
  ['a name of dots', { ComponentName: '..' }, 'ComponentName'],
  ['a version that is a path', { ComponentVersion: '1.0.0/../..' }, 'ComponentVersion'],
  ['no version', { ComponentVersion: undefined }, 'ComponentVersion'],
  ['no manifest for this platform', { Manifests: [{ Platform: { os: 'windows' } }] }, 'no manifest'],
  ['only nucleus lite', { Manifests: [{ Platform: { runtime: 'aws_nucleus_lite' } }] }, 'no manifest'],
  ['a step without a script', { Manifests: [{ Lifecycle: { run: { Timeout: 1 } } }] }, 'Script is missing'],
  [
    'a timeout that is none',
    { Manifests: [{ Lifecycle: { run: { Script: 'x', Timeout: 'soon' } } }] },
    'Timeout',
  ],
  ['bootstrap', { Manifests: [{ Lifecycle: { bootstrap: 'x' } }] }, 'bootstrap'],
  [
    'an unknown archive',
    { Manifests: [{ Artifacts: [{ Uri: 's3://b/k', Unarchive: 'RAR' }] }] },
    'Unarchive',
  ],
  [
    'an unknown permission',
    { Manifests: [{ Artifacts: [{ Uri: 's3://b/k', Permission: { Read: 'SOME' } }] }] },
    'Permission',
  ],
])('refused: %s', (_case, changes, message) => {
  expect(() => parsed(changes)).toThrow(RecipeError);
  expect(() => parsed(changes)).toThrow(message);
});

test('text that is no recipe at all is refused', () => {
  expect(() => parseRecipe('{"a": [', PLATFORM)).toThrow('neither JSON nor YAML');
  expect(() => parseRecipe('[]', PLATFORM)).toThrow('ComponentName');
});

const scope = (name: string): InterpolationScope => ({
  thingName: 'line-1',
  rootPath: '/gg',
  artifactsPath: `/gg/a/${name}`,
  decompressedPath: `/gg/u/${name}`,
  workPath: `/gg/w/${name}`,
  configuration: { a: { 'b/c': 'deep' }, number: 3, list: [1], nothing: null },
});

test.each([
  ['{artifacts:path}/x', '/gg/a/it/x'],
  ['{artifacts:decompressedPath}', '/gg/u/it'],
  ['{work:path} {kernel:rootPath} {iot:thingName}', '/gg/w/it /gg line-1'],
  ['{configuration:/a/b~1c} {configuration:/number}', 'deep 3'],
  ['{configuration:/a}', '{"b/c":"deep"}'],
  ['{configuration:/list}', '[1]'],
  [
    '{configuration:/missing} {unknown:path} {artifacts:other}',
    '{configuration:/missing} {unknown:path} {artifacts:other}',
  ],
  ['{other:artifacts:path} {other:configuration:/number}', '/gg/a/other 3'],
  ['{stranger:artifacts:path}', '{stranger:artifacts:path}'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: shell variables must stay
  ['${HOME} {} { } $(x)', '${HOME} {} { } $(x)'],
])('%s becomes %s', (text, expected) => {
  expect(interpolate(text, { ...scope('it'), dependencies: { other: scope('other') } })).toBe(expected);
});

test('a value that looks like a variable is not replaced again', () => {
  const tricky = { ...scope('it'), configuration: { a: '{iot:thingName}' } };
  expect(interpolate('{configuration:/a}', tricky)).toBe('{iot:thingName}');
});

test('variables are replaced in scripts, environments and Skipif', () => {
  const step = { script: '{work:path}', setenv: { A: '{iot:thingName}' }, skipIf: 'exists {work:path}' };
  expect(
    interpolateLifecycle({ setenv: { B: '{iot:thingName}' }, steps: { run: step } }, scope('it')),
  ).toEqual({
    setenv: { B: 'line-1' },
    steps: { run: { script: '/gg/w/it', setenv: { A: 'line-1' }, skipIf: 'exists /gg/w/it' } },
  });
});

test.each([
  [undefined, false],
  ['onpath sh', true],
  ['!onpath sh', false],
  ['onpath no-such-program', false],
  ['exists /', true],
  ['! exists /no/such/path', true],
])('Skipif %s skips: %s', (expression, expected) => {
  expect(shouldSkip(expression, process.env.PATH ?? '')).toBe(expected);
});

test('a Skipif that is neither is refused', () => {
  expect(() => shouldSkip('maybe', '')).toThrow("invalid Skipif 'maybe'");
});
