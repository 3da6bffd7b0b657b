import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CoreDeviceConfig,
  CoreDeviceConfigError,
  parseCoreDeviceConfig,
  readCoreDeviceConfig,
} from '../../core-device/config';
import { layoutOf } from '../../core-device/storage/layout';

const valid: CoreDeviceConfig = {
  thingName: 'line-1',
  rootPath: '/tmp/line-1',
  region: 'us-east-1',
  accountId: '000000000000',
  mqtt: { host: 'localhost', port: 8883 },
  gatewayUrl: 'https://127.0.0.1:8443',
  gatewayCaPath: '/tmp/ca.pem',
  iotCaPath: '/tmp/iot.pem',
  certificatePath: '/tmp/certificate.pem',
  privateKeyPath: '/tmp/key.pem',
  roleAlias: 'token-exchange',
};

test('a valid configuration is taken as it is', () => {
  expect(parseCoreDeviceConfig(valid, 'test')).toEqual(valid);
});

test('every problem is told at once, with its field', () => {
  const broken = {
    ...valid,
    thingName: 'a/b',
    mqtt: { host: '', port: 70_000 },
    accountId: '1',
    colour: 'red',
  };
  const { problems } = (() => {
    try {
      parseCoreDeviceConfig(broken, 'test');
    } catch (error) {
      return error as CoreDeviceConfigError;
    }
    throw new Error('accepted');
  })();
  expect(problems).toHaveLength(5);
  expect(problems.join('\n')).toMatch(/thingName: .*\n?/);
  for (const field of ['thingName', 'mqtt.host', 'mqtt.port', 'accountId', "'colour'"])
    expect(problems.join('\n')).toContain(field);
});

test('a file that is missing or no JSON is a problem of the configuration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  const file = join(folder, 'config.json');
  expect(() => readCoreDeviceConfig(file)).toThrow(CoreDeviceConfigError);
  writeFileSync(file, '{');
  expect(() => readCoreDeviceConfig(file)).toThrow(CoreDeviceConfigError);
  writeFileSync(file, JSON.stringify(valid));
  expect(readCoreDeviceConfig(file)).toEqual(valid);
  rmSync(folder, { recursive: true });
});

test('a root path too long for a socket address gets a short socket elsewhere, always the same', () => {
  const folder = mkdtempSync(join(tmpdir(), 'layout-'));
  const long = join(folder, 'x'.repeat(120));
  expect(layoutOf(folder).socketPath).toBe(join(folder, 'ipc.socket'));
  expect(Buffer.byteLength(layoutOf(long).socketPath)).toBeLessThanOrEqual(107);
  expect(layoutOf(long).socketPath).toBe(layoutOf(long).socketPath);
  rmSync(folder, { recursive: true });
});
