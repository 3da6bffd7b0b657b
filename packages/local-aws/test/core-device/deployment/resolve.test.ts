import type { Recipe } from '../../../core-device/component/recipe';
import { parseDeploymentDocument, targetOf } from '../../../core-device/deployment/document';
import { type Requirements, resolveComponents } from '../../../core-device/deployment/resolve';

function recipe(name: string, version: string, dependencies: Record<string, string> = {}): Recipe {
  return {
    name,
    version,
    defaultConfiguration: {},
    dependencies: Object.fromEntries(
      Object.entries(dependencies).map(([other, versionRequirement]) => [
        other,
        { versionRequirement, type: 'HARD' },
      ]),
    ),
    lifecycle: { setenv: {}, steps: {} },
    artifacts: [],
  };
}

/** A cloud that answers with the first recipe of that name which every requirement names literally, or the last. */
function cloud(...recipes: Recipe[]) {
  const asked: Array<[string, Requirements]> = [];
  return {
    asked,
    resolve: async (name: string, requirements: Requirements) => {
      asked.push([name, requirements]);
      const candidates = recipes.filter((one) => one.name === name);
      const fitting = candidates.filter(({ version }) =>
        Object.values(requirements).every((range) => range === '*' || range === `=${version}`),
      );
      const found = fitting[0];
      if (!found) throw new Error(`no version of ${name} for ${JSON.stringify(requirements)}`);
      return found;
    },
  };
}
const versions = (resolved: Map<string, Recipe>) =>
  Object.fromEntries([...resolved].map(([name, { version }]) => [name, version]));

test('roots of every target and all that they depend on are resolved; what is built in is asked for and has nothing to start', async () => {
  const { resolve, asked } = cloud(
    recipe('model', '1.0.0', { server: '*', 'aws.greengrass.TokenExchangeService': '*' }),
    recipe('server', '2.0.0', { library: '*' }),
    recipe('library', '3.0.0'),
    recipe('tool', '1.0.0'),
    recipe('aws.greengrass.TokenExchangeService', '2.0.3'),
    recipe('aws.greengrass.Nucleus', '2.0.0'),
  );
  const roots = {
    'thinggroup/line': { model: '1.0.0', 'aws.greengrass.Nucleus': '2.0.0' },
    'thing/it': { tool: '1.0.0' },
  };
  expect(versions(await resolveComponents(roots, resolve))).toEqual({
    model: '1.0.0',
    tool: '1.0.0',
    server: '2.0.0',
    library: '3.0.0',
  });
  expect(asked).toHaveLength(6);
});

test('[N9] a registry without what is built in resolves nothing', async () => {
  const { resolve } = cloud(recipe('model', '1.0.0', { 'aws.greengrass.TokenExchangeService': '*' }));
  await expect(resolveComponents({ 'thing/it': { model: '1.0.0' } }, resolve)).rejects.toThrow(
    'no version of aws.greengrass.TokenExchangeService',
  );
});

test('a later requirement replaces an earlier choice, and what only that choice needed goes with it', async () => {
  const { resolve } = cloud(
    recipe('first', '1.0.0', { shared: '*' }),
    recipe('second', '1.0.0', { shared: '=1.0.0' }),
    recipe('shared', '2.0.0', { onlyForNew: '*' }),
    recipe('shared', '1.0.0'),
    recipe('onlyForNew', '1.0.0'),
  );
  const roots = { 'thinggroup/line': { first: '1.0.0', second: '1.0.0' } };
  expect(versions(await resolveComponents(roots, resolve))).toEqual({
    first: '1.0.0',
    second: '1.0.0',
    shared: '1.0.0',
  });
});

test('two targets that want different versions of one component cannot both have theirs', async () => {
  const { resolve } = cloud(recipe('server', '1.0.0'), recipe('server', '2.0.0'));
  const roots = { 'thinggroup/a': { server: '1.0.0' }, 'thing/b': { server: '2.0.0' } };
  await expect(resolveComponents(roots, resolve)).rejects.toThrow('no version of server');
});

test('a circle of dependencies is named', async () => {
  const { resolve } = cloud(recipe('a', '1.0.0', { b: '*' }), recipe('b', '1.0.0', { a: '*' }));
  await expect(resolveComponents({ t: { a: '1.0.0' } }, resolve)).rejects.toThrow('a -> b -> a');
});

test('no roots, no components', async () => {
  expect((await resolveComponents({}, cloud().resolve)).size).toBe(0);
});

describe('deployment documents', () => {
  const valid = {
    deploymentId: 'd',
    configurationArn: 'arn:aws:greengrass:us-east-1:000000000000:configuration:thinggroup/line:7',
    components: { server: { version: '1.0.0', configurationUpdate: { reset: ['', '/a'], merge: { a: 1 } } } },
    failureHandlingPolicy: 'ROLLBACK',
    componentUpdatePolicy: { timeout: 60, action: 'NOTIFY_COMPONENTS' },
    configurationValidationPolicy: { timeout: 30 },
    requiredCapabilities: [],
    creationTimestamp: 1,
  };

  test('a valid one is taken as it is; its target and revision are in the ARN', () => {
    expect(parseDeploymentDocument(valid)).toEqual(valid);
    expect(targetOf(valid.configurationArn)).toEqual({ name: 'thinggroup/line', revision: 7 });
  });

  test('a broken one is refused with every problem', () => {
    const broken = {
      ...valid,
      failureHandlingPolicy: 'MAYBE',
      components: { server: {} },
      configurationArn: 'x',
    };
    expect(() => parseDeploymentDocument(broken)).toThrow(
      expect.objectContaining({
        codes: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_DOCUMENT_NOT_VALID'],
        message: expect.stringMatching(/configurationArn.*components\/server.*failureHandlingPolicy/s),
      }),
    );
  });

  test('a capability that this device lacks is named', () => {
    expect(() =>
      parseDeploymentDocument({ ...valid, requiredCapabilities: ['LARGE_CONFIGURATION'] }),
    ).toThrow('LARGE_CONFIGURATION');
  });
});
