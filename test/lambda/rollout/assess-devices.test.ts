import { assessDevices, type DeviceView } from '../../../lambda/rollout/check-wave/assess-devices';

const RELEASE = 'surface-2';
const ready = (deviceId: string): DeviceView => ({
  deviceId,
  deployment: { status: 'SUCCEEDED' },
  inventory: { releaseId: RELEASE },
});
const assess = (devices: readonly DeviceView[], timedOut = false) =>
  assessDevices(devices, RELEASE, timedOut, 180);

describe('the devices of a wave', () => {
  test.each<[string, DeviceView[], string, string]>([
    ['all on the release', [ready('a'), ready('b')], 'READY', ''],
    [
      'one that finished a deployment to a single thing',
      [{ ...ready('a'), deployment: { status: 'COMPLETED' } }],
      'READY',
      '',
    ],
    ['one offline', [ready('a'), { deviceId: 'b' }], 'PENDING', 'b has not answered the deployment.'],
    [
      'one at work',
      [{ ...ready('a'), deployment: { status: 'IN_PROGRESS' } }],
      'PENDING',
      'a is IN_PROGRESS.',
    ],
    [
      'one that still reports the old release',
      [{ ...ready('a'), inventory: { releaseId: 'surface-1' } }],
      'PENDING',
      'a reports surface-1, not surface-2.',
    ],
    [
      'one that has reported nothing',
      [{ deviceId: 'a', deployment: { status: 'SUCCEEDED' } }],
      'PENDING',
      'a reports no release',
    ],
    [
      'one that failed',
      [ready('a'), { deviceId: 'b', deployment: { status: 'FAILED', reason: 'FAILED_ROLLBACK_COMPLETE' } }],
      'FAILED',
      'b reports FAILED for the deployment: FAILED_ROLLBACK_COMPLETE.',
    ],
    [
      'one that rejected it',
      [{ deviceId: 'a', deployment: { status: 'REJECTED' } }],
      'FAILED',
      'a reports REJECTED',
    ],
    [
      'one whose job was cancelled',
      [{ deviceId: 'a', deployment: { status: 'CANCELED' } }],
      'FAILED',
      'a reports CANCELED',
    ],
    [
      'one that refused the release, before Greengrass says so',
      [
        {
          deviceId: 'a',
          deployment: { status: 'IN_PROGRESS' },
          inventory: {
            refusedReleases: [
              { releaseDigest: 'd', releaseId: RELEASE, code: 'SIGNATURE_INVALID', at: 'now' },
            ],
          },
        },
      ],
      'FAILED',
      'a refused the release: SIGNATURE_INVALID.',
    ],
    [
      'one that refused another release',
      [
        {
          ...ready('a'),
          inventory: {
            releaseId: RELEASE,
            refusedReleases: [{ releaseDigest: 'd', releaseId: 'surface-1', code: 'EXPIRED', at: 'now' }],
          },
        },
      ],
      'READY',
      '',
    ],
  ])('%s', (_, devices, status, reason) => {
    const check = assess(devices);
    expect(check.status).toBe(status);
    expect(check.reasons.join(' ')).toContain(reason);
    expect(check.devices).toBe(devices.length);
  });

  test('the time over, those who did not answer are named', () => {
    expect(assess([ready('a'), { deviceId: 'b' }], true)).toEqual({
      status: 'FAILED',
      reasons: ['1 of 2 devices did not run surface-2 within 180 s.', 'b has not answered the deployment.'],
      devices: 2,
      ready: 1,
    });
  });

  test('the time over, a wave that is ready is ready', () => {
    expect(assess([ready('a')], true).status).toBe('READY');
  });

  test('of a thousand, ten are named', () => {
    const { reasons } = assess(Array.from({ length: 1000 }, (_, index) => ({ deviceId: `device-${index}` })));
    expect(reasons).toHaveLength(11);
    expect(reasons.at(-1)).toBe('And 990 more.');
  });
});
