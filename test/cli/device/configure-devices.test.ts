import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configureDevices } from '../../../cli/device/configure-devices';
import { KaizenEnvironment } from '../../../cli/shared/environment';
import example from '../../../contracts/examples/configuration-document.json';
import { asClients, awsError, FakeBucket, FakeClient, OUTPUTS, runKaizen } from '../fakes';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const DOCUMENT = JSON.stringify({ schemaVersion: 1, statusIntervalSeconds: 30 });
const SCRIPT = '// hands over';
const OTHERS = { 'org.other.Component': { componentVersion: '3.2.1' } };

const environment = new KaizenEnvironment(
  'local',
  new Map(
    Object.entries({
      ...OUTPUTS,
      ModelBucketName: 'models',
      SigningKeyArn: 'arn:aws:kms:eu-west-1:111111111111:key/1',
    }),
  ),
);

let folder: string;
let s3: FakeBucket;
let greengrass: FakeClient;
let holder: string | undefined;
const iot = new FakeClient({
  DescribeThingGroup: ({ thingGroupName }) => ({ thingGroupArn: `arn:group/${thingGroupName}` }),
});
const versions = new Map<string, object>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-configure-'));
  writeFileSync(join(folder, 'deliver-release.cjs'), SCRIPT);
  holder = undefined;
  versions.clear();
  s3 = new FakeBucket();
  greengrass = new FakeClient({
    CreateComponentVersion: (input) => {
      const { inlineRecipe, tags } = input as unknown as { inlineRecipe: Buffer; tags: object };
      const { ComponentName, ComponentVersion } = JSON.parse(inlineRecipe.toString());
      const arn = `arn:aws:greengrass:eu-west-1:111111111111:components:${ComponentName}:versions:${ComponentVersion}`;
      if (versions.has(arn)) throw awsError('ConflictException');
      versions.set(arn, tags);
      return { arn };
    },
    DescribeComponent: (input) => {
      const { arn } = input as unknown as { arn: string };
      return { tags: versions.get(arn), status: { componentState: 'DEPLOYABLE' } };
    },
    ListDeployments: () => ({ deployments: [{ deploymentId: 'old' }] }),
    GetDeployment: () => ({ deploymentId: 'old', deploymentStatus: 'ACTIVE', components: OTHERS }),
    CreateDeployment: () => ({ deploymentId: 'new' }),
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const dynamoDb = () => new FakeClient({ Get: () => ({ Item: holder && { executionArn: holder } }) });

function configure(text = DOCUMENT) {
  const file = join(folder, 'configuration.json');
  writeFileSync(file, text);
  return configureDevices(asClients({ s3, greengrass, iot, dynamoDb: dynamoDb() }), environment, {
    file,
    wave: 'canary',
    deliveryScript: join(folder, 'deliver-release.cjs'),
    sleep: async () => {},
  });
}
const deployments = () => greengrass.calls.filter(({ name }) => name === 'CreateDeployment');

test('[L8] a document lies in S3 by its content, is a version of a component, and joins what is deployed', async () => {
  const configured = await configure();
  expect(configured).toEqual({
    componentName: 'com.kaizenedge.local.Configuration',
    componentVersion: expect.stringMatching(/^1\.\d+\.\d+$/),
    deploymentId: 'new',
  });
  const key = `components/${sha256(DOCUMENT)}/configuration.json`;
  expect(s3.objects.get(key)?.toString()).toBe(DOCUMENT);
  const created = greengrass.calls.find(({ name }) => name === 'CreateComponentVersion')?.input;
  const recipe = JSON.parse(String(created?.inlineRecipe));
  expect(recipe.Manifests[0].Artifacts).toEqual([
    { Uri: `s3://models/components/${sha256(SCRIPT)}/deliver-release.cjs` },
    { Uri: `s3://models/${key}` },
  ]);
  expect(recipe.ComponentDependencies['com.kaizenedge.local.Inference'].DependencyType).toBe('SOFT');
  expect(deployments()[0]?.input).toMatchObject({
    targetArn: 'arn:group/kaizen-local-canary',
    components: {
      ...OTHERS,
      'com.kaizenedge.local.Configuration': { componentVersion: configured.componentVersion },
    },
    deploymentPolicies: { componentUpdatePolicy: { action: 'SKIP_NOTIFY_COMPONENTS' } },
  });
});

test('the same document is the same version; another one is not', async () => {
  const first = await configure();
  expect(await configure()).toEqual(first);
  expect(versions.size).toBe(1);
  const other = await configure(JSON.stringify({ schemaVersion: 1, statusIntervalSeconds: 31 }));
  expect(other.componentVersion).not.toBe(first.componentVersion);
});

test('everything that is wrong with a document is said before anything is made', async () => {
  const wrong = configure(JSON.stringify({ schemaVersion: 1, statusIntervalSeconds: 0, cameras: {} }));
  await expect(wrong).rejects.toThrow(
    /statusIntervalSeconds[\s\S]*cameras|cameras[\s\S]*statusIntervalSeconds/,
  );
  expect([...s3.objects.keys(), ...greengrass.calls]).toEqual([]);
});

test('[B27] F11: a camera address that cannot be meant is refused here, and not shown', async () => {
  const document = structuredClone(example);
  document.useCases['surface-inspection'].cameras.north.url = 'rtsp://admin:12/s3cret@10.0.0.1:554/s';
  const wrong = configure(JSON.stringify(document));
  await expect(wrong).rejects.toThrow(
    "useCases.surface-inspection.cameras.north.url: write '/', '?', '#' and '@' in a user or password as",
  );
  await expect(wrong).rejects.not.toThrow(/s3cret|admin/);
  expect([...s3.objects.keys(), ...greengrass.calls]).toEqual([]);
});

test('a rollout that is running is left alone', async () => {
  holder = 'arn:execution/one';
  await expect(configure()).rejects.toThrow('a rollout is running (arn:execution/one): wait for its end');
  expect([...s3.objects.keys(), ...greengrass.calls]).toEqual([]);
});

test('the command says which file it cannot read', async () => {
  const { exitCode, errors } = await runKaizen(
    `device configure ${join(folder, 'absent.json')} --group canary`,
  );
  expect(exitCode).toBe(2);
  expect(errors).toContain("absent.json' cannot be read");
});
