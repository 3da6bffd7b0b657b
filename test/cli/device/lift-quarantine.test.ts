import { formatLifted, liftQuarantine } from '../../../cli/device/lift-quarantine';
import { inferenceComponentName } from '../../../lambda/device/names';
import { asClients, environment, FakeClient, FakeIot, FakeTables } from '../fakes';

const THING = 'line-1';
const RELEASE = 'surface-7';
const DIGEST = 'a'.repeat(64);
const AT = '2026-11-23T12:00:00.000Z';
const INFERENCE = inferenceComponentName(environment.scope);
const REASON = 'surface-7: inference process ended with SIGSEGV';

const refused = (changes: object = {}) => ({
  releaseDigest: DIGEST,
  releaseId: RELEASE,
  code: 'ENDED_ITS_PROCESS',
  reason: REASON,
  quarantined: true,
  at: AT,
  ...changes,
});

/** The cloud side of a device in the wave `canary`, whose group follows one deployment. */
function newCloud(refusedReleases: object[], component: object | null = { componentVersion: '1.2.3' }) {
  const iot = new FakeIot();
  iot.things.set(THING, {
    principals: new Set(),
    groups: new Set(['another-group', environment.output('CanaryGroupName')]),
  });
  const table = environment.output('InventoryTableName');
  const dynamoDb = new FakeTables({ [table]: [{ deviceId: THING, refusedReleases }] });
  const greengrass = new FakeClient({
    ListDeployments: () => ({ deployments: [{ deploymentId: 'before' }] }),
    GetDeployment: () => ({
      deploymentId: 'before',
      deploymentStatus: 'ACTIVE',
      components: {
        ...(component && { [INFERENCE]: component }),
        'org.other': { componentVersion: '3.0.0' },
      },
    }),
    CreateDeployment: () => ({ deploymentId: 'deployment-2' }),
  });
  const lift = (releaseId = RELEASE, thingName = THING) =>
    liftQuarantine(asClients({ iot, dynamoDb, greengrass }), environment, { thingName, releaseId });
  const created = () => greengrass.calls.find(({ name }) => name === 'CreateDeployment')?.input;
  return { lift, created, greengrass };
}

test('[S7] the device is told in a deployment of its wave that changes nothing else and asks nobody', async () => {
  const merge = JSON.stringify({
    statusIntervalSeconds: 30,
    liftedQuarantines: { [THING]: { ['b'.repeat(64)]: AT }, 'line-2': { [DIGEST]: AT } },
  });
  const { lift, created } = newCloud([refused()], {
    componentVersion: '1.2.3',
    configurationUpdate: { merge },
  });
  const lifted = await lift();
  expect(lifted).toMatchObject({ thingGroupName: 'kaizen-local-canary', deploymentId: 'deployment-2' });
  expect(created()).toMatchObject({
    deploymentName: `lift the quarantine of ${RELEASE} on ${THING}`,
    components: {
      [INFERENCE]: { componentVersion: '1.2.3', configurationUpdate: { merge: expect.any(String) } },
      'org.other': { componentVersion: '3.0.0' },
    },
    deploymentPolicies: { componentUpdatePolicy: { action: 'SKIP_NOTIFY_COMPONENTS' } },
  });
  const { components } = created() as {
    components: Record<string, { configurationUpdate: { merge: string } }>;
  };
  expect(JSON.parse(components[INFERENCE]?.configurationUpdate.merge ?? '')).toEqual({
    statusIntervalSeconds: 30,
    liftedQuarantines: {
      [THING]: { ['b'.repeat(64)]: AT, [DIGEST]: AT },
      'line-2': { [DIGEST]: AT },
    },
  });
  expect(formatLifted({ thingName: THING, releaseId: RELEASE }, lifted)).toBe(
    `Deployment deployment-2 lifts the quarantine of ${RELEASE} on ${THING} (ENDED_ITS_PROCESS: ${REASON}); deliver the release again`,
  );
});

test.each<[string, object[], string]>([
  ['that was not refused', [], "'surface-7'; it has none"],
  ['that was refused for a clock', [refused({ code: 'EXPIRED', quarantined: false })], 'it has none'],
  [
    'while another one is',
    [refused({ releaseId: 'surface-6' })],
    `it has surface-6 (ENDED_ITS_PROCESS: ${REASON})`,
  ],
])(
  'a release %s is no quarantine to lift, and the answer says what is',
  async (_, refusedReleases, message) => {
    const { lift, created } = newCloud(refusedReleases);
    await expect(lift()).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining(message),
    });
    expect(created()).toBeUndefined();
  },
);

test('a device that is unknown, in no wave or without the component is refused with what is missing', async () => {
  const { lift } = newCloud([refused()]);
  await expect(lift(RELEASE, 'line-2')).rejects.toThrow("device 'line-2' has never sent a status");
  await expect(lift(RELEASE, 'no thing')).rejects.toThrow('thing name: must be');
  const without = newCloud([refused()], null);
  await expect(without.lift()).rejects.toThrow(`kaizen-local-canary has no deployment with ${INFERENCE}`);
});
