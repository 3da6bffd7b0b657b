import YAML from 'yaml';
import { ServiceError } from '../../greengrass/errors';
import {
  artifactUris,
  LARGEST_RECIPE_BYTES,
  parseRecipe,
  type Recipe,
  renderRecipe,
  withDigests,
} from '../../greengrass/recipe';

const RECIPE = {
  RecipeFormatVersion: '2020-01-25',
  ComponentName: 'com.example.Probe',
  ComponentVersion: '1.0.0',
  ComponentConfiguration: { DefaultConfiguration: { rate: 5, accessControl: {} } },
  ComponentDependencies: { 'com.example.Base': { VersionRequirement: '^1.0.0', DependencyType: 'HARD' } },
  Manifests: [
    {
      Platform: { os: 'linux', runtime: '*' },
      Lifecycle: {
        Setenv: { MODE: 'fast', PORT: 80 },
        install: 'true',
        startup: { Script: './start', Timeout: 60, RequiresPrivilege: false, Setenv: { A: '1' } },
        shutdown: { Script: './stop' },
      },
      Artifacts: [{ Uri: 's3://bucket/key.zip', Unarchive: 'ZIP', Permission: { Execute: 'OWNER' } }],
    },
  ],
};

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const changed = (change: object) => bytes({ ...RECIPE, ...change });
const manifest = (change: object) => changed({ Manifests: [{ ...RECIPE.Manifests[0], ...change }] });

function problemsOf(recipe: Uint8Array): string {
  try {
    parseRecipe(recipe);
  } catch (error) {
    expect(error).toBeInstanceOf(ServiceError);
    expect((error as ServiceError).name).toBe('ValidationException');
    return (error as Error).message;
  }
  throw new Error('the recipe was accepted');
}

describe('a recipe', () => {
  test('is read as JSON and as YAML alike', () => {
    expect(parseRecipe(bytes(RECIPE))).toEqual({ recipe: RECIPE, format: 'JSON' });
    expect(parseRecipe(Buffer.from(YAML.stringify(RECIPE)))).toEqual({ recipe: RECIPE, format: 'YAML' });
  });

  test('survives rendering in either format', () => {
    const { recipe } = parseRecipe(bytes(RECIPE));
    for (const format of ['JSON', 'YAML'] as const)
      expect(parseRecipe(Buffer.from(renderRecipe(recipe, format))).recipe).toEqual(recipe);
  });

  test.each<[string, Uint8Array, string]>([
    ['another format version', changed({ RecipeFormatVersion: '2021-01-01' }), 'must be "2020-01-25"'],
    ['no name', changed({ ComponentName: undefined }), "required property 'ComponentName'"],
    ['a name with a slash', changed({ ComponentName: 'a/b' }), 'ComponentName: must match'],
    ['a name of 129 characters', changed({ ComponentName: 'a'.repeat(129) }), '128'],
    ['a version of two numbers', changed({ ComponentVersion: '1.0' }), '1.0 is not a semantic version'],
    ['a version number above 999999', changed({ ComponentVersion: '1.0.1000000' }), 'above 999999'],
    ['an unknown field', changed({ Publisher: 'me' }), "unknown field 'Publisher'"],
    ['a field in the wrong case', changed({ manifests: [] }), "unknown field 'manifests'"],
    [
      'a dependency range that is none',
      changed({ ComponentDependencies: { 'com.example.Base': { VersionRequirement: 'newest' } } }),
      'newest is not a version range',
    ],
    ['an unknown lifecycle step', manifest({ Lifecycle: { begin: 'true' } }), "unknown field 'begin'"],
    ['run and startup', manifest({ Lifecycle: { run: 'a', startup: 'b' } }), 'both run and startup'],
    ['Run and Startup', manifest({ Lifecycle: { Run: 'a', Startup: 'b' } }), 'both run and startup'],
    ['a platform that is no text', manifest({ Platform: { os: 1 } }), 'Manifests.0.Platform.os'],
    ['a broken platform pattern', manifest({ Platform: { os: '/(/' } }), 'not a regular expression'],
    ['an artifact without URI', manifest({ Artifacts: [{}] }), "required property 'Uri'"],
    ['an artifact from the web', manifest({ Artifacts: [{ Uri: 'https://a/b' }] }), 'Artifacts.0.Uri'],
    ['another archive', manifest({ Artifacts: [{ Uri: 's3://a/b', Unarchive: 'TAR' }] }), 'NONE, ZIP'],
    ['no object', Buffer.from('"hello"'), 'must be object'],
    ['neither JSON nor YAML', Buffer.from('{"a": [1, 2'), 'neither JSON nor YAML'],
  ])('with %s is refused', (_what, recipe, message) => {
    expect(problemsOf(recipe)).toContain(message);
  });

  test('with several faults is refused with all of them', () => {
    const problems = problemsOf(changed({ ComponentName: 'a/b', RecipeFormatVersion: '1', Extra: 1 }));
    expect(problems).toContain('ComponentName');
    expect(problems).toContain('RecipeFormatVersion');
    expect(problems).toContain('Extra');
  });

  test('may have 16 KB and not one byte more', () => {
    const padding = LARGEST_RECIPE_BYTES - changed({ ComponentDescription: '' }).byteLength;
    const largest = changed({ ComponentDescription: 'a'.repeat(padding) });
    expect(largest.byteLength).toBe(LARGEST_RECIPE_BYTES);
    expect(parseRecipe(largest).format).toBe('JSON');
    expect(problemsOf(changed({ ComponentDescription: 'a'.repeat(padding + 1) }))).toContain('16385 bytes');
  });
});

test('an artifact is stored with the digest of its object, whatever the author wrote', () => {
  const authored = { Uri: 's3://bucket/key.zip', Digest: 'mine', Algorithm: 'MD5' };
  const { recipe } = parseRecipe(manifest({ Artifacts: [authored, { Uri: 'docker:busybox' }] }));
  const stored: Recipe = withDigests(recipe, new Map([['s3://bucket/key.zip', Buffer.from('ab', 'hex')]]));
  expect(stored.Manifests[0]?.Artifacts).toEqual([
    { Uri: 's3://bucket/key.zip', Digest: 'qw==', Algorithm: 'SHA-256' },
    { Uri: 'docker:busybox' },
  ]);
});

test('artifacts that manifests share are counted once', () => {
  const shared = { Artifacts: [{ Uri: 's3://a/b' }] };
  const { recipe } = parseRecipe(changed({ Manifests: [shared, shared] }));
  expect(artifactUris(recipe)).toEqual(['s3://a/b']);
});
