import { ComponentStore } from '../../greengrass/component-store';
import type { RecipeManifest } from '../../greengrass/recipe';

const SCOPE = { region: 'eu-west-1', accountId: '111122223333' };
const DEVICE = { os: 'linux', architecture: 'amd64' };

function add(store: ComponentStore, ComponentVersion: string, Manifests: RecipeManifest[] = [{}]) {
  const recipe = {
    RecipeFormatVersion: '2020-01-25' as const,
    ComponentName: 'a',
    ComponentVersion,
    Manifests,
  };
  return store.add(recipe, 'JSON', new Date(0));
}

test('a version is made once and stays as it is', () => {
  const store = new ComponentStore(SCOPE);
  const first = add(store, '1.0.0');
  expect(() => add(store, '1.0.0', [])).toThrow(expect.objectContaining({ name: 'ConflictException' }));
  expect(store.get('a', '1.0.0')).toBe(first);
});

test('a removed version is gone, and with the last one the component', () => {
  const store = new ComponentStore(SCOPE);
  add(store, '1.0.0');
  add(store, '1.0.1');
  store.remove('a', '1.0.1');
  expect(store.latest('PRIVATE').map(({ version }) => version)).toEqual(['1.0.0']);
  store.remove('a', '1.0.0');
  expect(store.latest('PRIVATE')).toEqual([]);
  expect(() => store.versions('a')).toThrow(expect.objectContaining({ name: 'ResourceNotFoundException' }));
});

test('[N9] what is inside of every nucleus is there, as a component of AWS', () => {
  const store = new ComponentStore(SCOPE);
  expect(store.latest('PUBLIC').map(({ arn }) => arn)).toEqual([
    expect.stringMatching(/^arn:aws:greengrass:eu-west-1:aws:components:aws.greengrass.Nucleus:versions:2/),
    expect.stringMatching(/:components:aws.greengrass.TokenExchangeService:versions:2/),
  ]);
  const tokens = { componentName: 'aws.greengrass.TokenExchangeService' };
  const asked = (range: string) => store.resolve([{ ...tokens, versionRequirements: { a: range } }], DEVICE);
  expect(asked('>=2.0.0 <3.0.0')).toHaveLength(1);
  expect(() => asked('^3.0.0')).toThrow('No version of aws.greengrass.TokenExchangeService');
});

test('a device gets the newest version that runs on it', () => {
  const store = new ComponentStore(SCOPE);
  add(store, '1.0.0', [{ Platform: { os: 'linux' } }]);
  add(store, '1.0.1', [{ Platform: { os: 'windows' } }, { Platform: { architecture: 'aarch64' } }]);
  expect(store.resolve([{ componentName: 'a' }], DEVICE).map(({ version }) => version)).toEqual(['1.0.0']);
  const arm = { ...DEVICE, architecture: 'aarch64' };
  expect(store.resolve([{ componentName: 'a' }], arm).map(({ version }) => version)).toEqual(['1.0.1']);
});

test('a recipe without manifests runs everywhere', () => {
  const store = new ComponentStore(SCOPE);
  add(store, '1.0.0', []);
  expect(store.resolve([{ componentName: 'a' }], DEVICE)).toHaveLength(1);
});

test('what nothing satisfies is said with who demands it', () => {
  const store = new ComponentStore(SCOPE);
  add(store, '1.0.0');
  const candidate = { componentName: 'a', versionRequirements: { 'thinggroup/presses': '>=2.0.0' } };
  expect(() => store.resolve([candidate], DEVICE)).toThrow('>=2.0.0 (thinggroup/presses)');
});
