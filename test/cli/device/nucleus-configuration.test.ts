import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { parse } from 'yaml';
import { readEndpoints } from '../../../cli/device/endpoints';
import { classicConfiguration, liteConfiguration, PLACES } from '../../../cli/device/nucleus-configuration';
import { amazonRoots } from '../../../cli/device/root-authorities';
import { asClients, FakeIot } from '../fakes';

/** Buffer of ggconfigd for one file (aws-greengrass-lite, modules/ggconfigd/src/config_load.c). */
const FILE_BYTES_OF_LITE = 8_192;
/** Buffers of ggdeploymentd for paths and endpoint (modules/ggdeploymentd/src/deployment_handler.c). */
const TEXT_BYTES_OF_LITE = 128;

async function settingsAt(data: string, credentials: string) {
  const iot = new FakeIot();
  iot.endpoints.set('iot:Data-ATS', data).set('iot:CredentialProvider', credentials);
  const endpoints = await readEndpoints(asClients({ iot }));
  return { thingName: 'line-1', region: 'eu-west-1', roleAlias: 'kaizen-dev-token-exchange', endpoints };
}
const inAws = () =>
  settingsAt('a1-ats.iot.eu-west-1.amazonaws.com', 'c4.credentials.iot.eu-west-1.amazonaws.com');

test('[S7] the classic nucleus is told who it is, where AWS is and as whom components run', async () => {
  expect(parse(classicConfiguration(await inAws()))).toEqual({
    system: {
      certificateFilePath: '/greengrass/v2/credentials/certificate.pem',
      privateKeyPath: '/greengrass/v2/credentials/private-key.pem',
      rootCaPath: '/greengrass/v2/credentials/root-ca.pem',
      rootPath: '/greengrass/v2',
      thingName: 'line-1',
    },
    services: {
      'aws.greengrass.Nucleus': {
        componentType: 'NUCLEUS',
        configuration: {
          awsRegion: 'eu-west-1',
          iotRoleAlias: 'kaizen-dev-token-exchange',
          iotDataEndpoint: 'a1-ats.iot.eu-west-1.amazonaws.com',
          iotCredEndpoint: 'c4.credentials.iot.eu-west-1.amazonaws.com',
          greengrassDataPlaneEndpoint: 'iotdata',
          greengrassDataPlanePort: 8443,
          mqtt: { port: 8883 },
          runWithDefault: { posixUser: 'ggc_user:ggc_group' },
        },
      },
    },
  });
});

test('[S7] nucleus lite is told the same, with text for every value', async () => {
  const configuration = liteConfiguration(await inAws());
  expect(parse(configuration)).toEqual({
    system: {
      certificateFilePath: '/var/lib/greengrass/credentials/certificate.pem',
      privateKeyPath: '/var/lib/greengrass/credentials/private-key.pem',
      rootCaPath: '/var/lib/greengrass/credentials/root-ca.pem',
      rootPath: '/var/lib/greengrass',
      thingName: 'line-1',
    },
    services: {
      'aws.greengrass.NucleusLite': {
        componentType: 'NUCLEUS',
        configuration: {
          awsRegion: 'eu-west-1',
          iotRoleAlias: 'kaizen-dev-token-exchange',
          iotDataEndpoint: 'a1-ats.iot.eu-west-1.amazonaws.com',
          iotCredEndpoint: 'c4.credentials.iot.eu-west-1.amazonaws.com',
          greengrassDataPlanePort: '8443',
          platformOverride: {},
          runWithDefault: { posixUser: 'gg_component:gg_component' },
        },
      },
    },
  });
  expect(configuration).toContain('greengrassDataPlanePort: "8443"');
});

test('nucleus lite has room for the longest names that AWS has', async () => {
  const settings = await settingsAt(
    `${'a'.repeat(40)}-ats.iot.ap-southeast-2.amazonaws.com`,
    `${'c'.repeat(40)}.credentials.iot.ap-southeast-2.amazonaws.com`,
  );
  const longest = { ...settings, thingName: 'x'.repeat(124), roleAlias: 'r'.repeat(128) };
  const configuration = liteConfiguration(longest);
  expect(Buffer.byteLength(configuration)).toBeLessThan(FILE_BYTES_OF_LITE);
  const { system, services } = parse(configuration);
  const { iotDataEndpoint } = services['aws.greengrass.NucleusLite'].configuration;
  for (const text of [
    system.certificateFilePath,
    system.privateKeyPath,
    system.rootCaPath,
    iotDataEndpoint,
  ]) {
    expect(Buffer.byteLength(text)).toBeLessThan(TEXT_BYTES_OF_LITE);
  }
});

test('an address with a port, which the local AWS has, keeps it', async () => {
  const settings = await settingsAt('localhost:40001', 'localhost:40002');
  const { configuration } = parse(classicConfiguration(settings)).services['aws.greengrass.Nucleus'];
  expect(configuration).toMatchObject({
    iotDataEndpoint: 'localhost',
    mqtt: { port: 40001 },
    iotCredEndpoint: 'localhost:40002',
    greengrassDataPlanePort: 40002,
  });
  expect(liteConfiguration(settings)).toMatch(
    /^# Nucleus lite connects to port 8883 of localhost: forward it to 40001\.$/m,
  );
});

test('the installation puts files where the configurations look for them', () => {
  const script = readFileSync(join(__dirname, '../../../cli/device/on-device/install.sh'), 'utf8');
  for (const { root, componentUser } of Object.values(PLACES)) {
    expect(script).toContain(`put_files ${root} `);
    expect(script).toContain(componentUser);
  }
});

test.each(['', 'not an address', 'https://a.iot.eu-west-1.amazonaws.com', 'host:port'])(
  'an endpoint %p is refused',
  async (address) => {
    await expect(settingsAt(address, 'c')).rejects.toThrow(
      `endpoint iot:Data-ATS: AWS IoT answered '${address}'`,
    );
  },
);

test('the authorities of AWS are four certificates that each end their line', () => {
  const roots = amazonRoots();
  expect(roots.match(/-----END CERTIFICATE-----\n/g)).toHaveLength(4);
  expect(() => amazonRoots(rootCertificates.slice(0, 0))).toThrow('give --root-ca <file>');
});
